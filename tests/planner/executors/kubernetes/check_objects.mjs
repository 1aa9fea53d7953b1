// Checks objects against the validators that npm packages hold for their kinds, and finds fields that those know nothing of.
//   node check_objects.mjs FOLDER < objects.json    FOLDER holds node_modules; stdout: a list of problems for every object, as JSON
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const SCHEMAS = {
  ScaledObject: "keda/_schemas/ComGithubKedacoreKedaV2ApisKedaV1alpha1ScaledObject.js",
  NodePool: "karpenter/_schemas/IoK8sSigsKarpenterPkgApisV1NodePool.js",
};

// A validator reads every field that its schema has; what it has not read when it is done, the schema does not know.
function watched(value, path, unread) {
  if (value === null || typeof value !== "object") return value;
  const inner = Array.isArray(value) ? [] : {};
  for (const [key, one] of Object.entries(value)) {
    const place = `${path}/${key}`;
    inner[key] = watched(one, place, unread);
    if (!Array.isArray(value)) unread.add(place);
  }
  return new Proxy(inner, {
    get(target, key) {
      if (typeof key === "string") unread.delete(`${path}/${key}`);
      return target[key];
    },
  });
}

const problems = [];
for (const object of JSON.parse(readFileSync(0, "utf8"))) {
  const file = join(process.argv[2], "node_modules", "@kubernetes-models", SCHEMAS[object.kind]);
  const { validate } = await import(pathToFileURL(file));
  const unread = new Set();
  const found = validate(watched(object, "", unread)) ? [] : validate.errors;
  problems.push([
    ...found.map((one) => `${one.instancePath}: ${one.keyword} ${JSON.stringify(one.params)}`),
    ...[...unread].map((place) => `${place}: no such field`),
  ]);
}
console.log(JSON.stringify(problems));
