"""Importers of published profiles, each on a few lines in the form of its original."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from catalogs.errors import CatalogError
from catalogs.importers.model_names import canonical_model, encoder_model
from catalogs.profiles import ProfileCatalog, load_profile_catalog

if TYPE_CHECKING:
    from pathlib import Path

LAMBDA = "lambda_memory,model_name,hardware,framework,total_time,load_time,lambda_time\n"
INFADAPTER = (
    "REPLICA,HARDWARE,CPU,MEM,ARCH,BATCH,NUM_BATCH_THREADS,MAX_ENQUEUED_BATCHES,INTRA_OP_PARALLELISM,"
    "INTER_OP_PARALLELISM,SLA,p99_latency,capacity,saturation_tp,timestamp\n"
)
NEURON = (
    "Model,Inst. Type,Throughput (inference/sec),Latency P50 (ms),Latency P99 (ms),Batch Size,"
    "Neuron Version\n"
)


def load(folder: Path, name: str, text: str) -> ProfileCatalog:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_profile_catalog([path])


@pytest.mark.parametrize(
    ("found", "canonical"),
    [
        ("ResNet-50", "resnet50"),
        ("Resnet50", "resnet50"),
        ("Resnext-50", "resnext50_32x4d"),
        ("Inception-v3", "inception_v3"),
        ("InceptionV3", "inception_v3"),
        ("NASNet", "nasnetlarge"),
        ("NASNetLarge", "nasnetlarge"),
        ("MobileNetV2", "mobilenet_v2"),
        ("google/vit-base-patch16-224", "vit_base_patch16_224"),
        ("LSTM-ptb", "lstm_ptb"),
        ("YOLO v4", "yolo_v4"),
        ("DenseNet121", "densenet121"),
        ("TF-inceptionV4", "inception_v4"),
        ("mxnet-resnet50", "mxnet-resnet50"),
    ],
)
def test_spellings_of_the_sources_meet_at_one_name(found: str, canonical: str) -> None:
    assert canonical_model(found) == canonical


def test_encoders_carry_the_tokens_of_a_request() -> None:
    assert encoder_model("bert_base_uncased", 128) == "bert-base-uncased-128"
    assert encoder_model("google/electra-base-discriminator", 64) == "electra-base-discriminator-64"


def test_ribbon_reads_batches_as_items_of_one_request(tmp_path: Path) -> None:
    """An archive and its unpacked folder give the same: requests of 10 items, .98 known from 99 samples."""
    samples = [float(value) for value in range(1, 100)]
    member = tmp_path / "logs" / "c5.4xlarge" / "resnet_10_1.json"
    member.parent.mkdir(parents=True)
    member.write_text(json.dumps(samples))
    archive = tmp_path / "samples.tar.gz"
    with tarfile.open(archive, "w:gz") as writer:
        info = tarfile.TarInfo("logs/c5.4xlarge/resnet_10_1.json")
        info.size = member.stat().st_size
        writer.addfile(info, io.BytesIO(member.read_bytes()))
    (time,) = load_profile_catalog([archive]).service_times
    assert (time.model, time.instance_type, time.batch, time.items_per_request) == (
        "resnet50",
        "c5.4xlarge",
        1,
        10,
    )
    assert (time.mean_ms, time.quantile_ms(0.98), time.quantile_ms(0.99), time.samples) == (
        50.0,
        98.0,
        None,
        99,
    )
    assert load_profile_catalog([tmp_path / "logs"]).service_times == (time,)


def test_infadapter_keeps_cores_and_deadline_and_drops_unconfirmed_rows(tmp_path: Path) -> None:
    rows = "1,cpu,4,1G,18,1,4,1000000,1,4,750,389.09,75,80,t\n1,cpu,4,1G,152,1,4,1000000,1,4,500,,9,18,t\n"
    catalog = load(tmp_path, "c.csv", INFADAPTER + rows)
    (capacity,) = catalog.capacities
    assert (capacity.model, capacity.instance_type, capacity.cores) == ("resnet18", None, 4)
    assert (capacity.capacity_rps, capacity.deadline_ms, capacity.percentile) == (75.0, 750.0, 0.99)
    (failed,) = catalog.failed
    assert (failed.model, failed.reason) == ("resnet152", "no p99 latency was measured within 500 ms")
    assert catalog.variants["resnet18"].memory_mib is None


def test_mark_converts_requests_per_minute(tmp_path: Path) -> None:
    header = (
        "model,instance,capacity_req_per_min,published_batch,usd_per_hour_2019_us_east_1,rtmax_ms,slmin_pct\n"
    )
    catalog = load(tmp_path, "m.csv", header + "OpenNMT-ende,p2.xlarge,640,8,0.9,1400,98\n")
    (capacity,) = catalog.capacities
    assert (capacity.model, capacity.instance_type, capacity.batch) == ("opennmt_ende", "p2.xlarge", 8)
    assert capacity.capacity_rps == pytest.approx(10.6667, rel=1e-5)
    assert (capacity.deadline_ms, capacity.percentile, capacity.obtained) == (1400.0, 0.98, "published")
    assert catalog.variants["opennmt_ende"].task == "translation"


def test_paragon_times_are_function_times_without_percentiles(tmp_path: Path) -> None:
    header = "model,memory_required_gb,memory_allocated_gb,avg_exec_ms,requests_per_vcpu\n"
    catalog = load(tmp_path, "p.csv", header + "Resnet-18,0.304,3.072,320,3\n")
    (time,) = catalog.function_times
    assert (time.model, time.memory_mb, time.mean_ms, time.quantiles) == ("resnet18", 3072, 320.0, ())
    assert catalog.variants["resnet18"].memory_mib == 304.0
    assert catalog.capacities == ()
    assert "3 requests per vCPU" in catalog.failed[0].reason


def test_lambda_uses_load_and_inference_and_turns_failed_calls_into_infeasibility(tmp_path: Path) -> None:
    """Two calls at 512 MB fail, two at 2048 MB give 100 and 300 ms; the total of 9.9 s is not used."""
    rows = (
        '512, resnet50, intel, mxnet, 29.2, {"message": "Endpoint request timed out"}\n'
        '512, resnet50, intel, mxnet, 9.2, {"errorMessage": "signal: killed, after 2, 3"}\n'
        "2048, resnet50, intel, mxnet, 9.9, [1.5, 0.1]\n"
        "2048, resnet50, intel, mxnet, 9.9, [1.5, 0.3]\n"
    )
    catalog = load(tmp_path, "l.csv", LAMBDA + rows)
    (time,) = catalog.function_times
    assert (time.memory_mb, time.load_ms, time.samples) == (2048, 1500.0, 2)
    assert time.mean_ms == pytest.approx(200.0)
    (failed,) = catalog.failed
    assert (failed.host, failed.reason) == (
        "aws-lambda 512 MB",
        "2 of 2 calls failed: out of memory (1), time-out (1)",
    )


def test_lambda_settings_far_faster_than_larger_ones_are_not_believed(tmp_path: Path) -> None:
    rows = "".join(
        f"{memory_mb}, vgg19, intel, mxnet, 1, [5.0, {seconds}]\n"
        for memory_mb, seconds in (
            (1024, 0.018),
            (1024, 0.02),
            (2048, 0.33),
            (2048, 0.34),
            (4096, 0.2),
            (4096, 0.3),
        )
    )
    catalog = load(tmp_path, "l.csv", LAMBDA + rows)
    assert [time.memory_mb for time in catalog.function_times] == [2048, 4096]
    assert catalog.failed[0].reason.startswith("not credible: median 19 ms")


def test_neuron_replicas_follow_from_throughput_and_latency(tmp_path: Path) -> None:
    """4393 images/s at 7.283 ms and batch 8 are 4 calls at once, of 7.284 ms so that 4393 is not exceeded."""
    rows = "resnet50,Inf2.xlarge,4000,7.9,8.0,8,2.9.1\nresnet50,Inf2.xlarge,4393.304,7.283,7.331,8,2.21.0\n"
    (time,) = load(tmp_path, "n.csv", NEURON + rows).service_times
    assert (time.instance_type, time.batch, time.replicas, time.obtained) == ("inf2.xlarge", 8, 4, "derived")
    assert 1000 * time.replicas * time.batch / time.mean_ms <= 4393.304 * (1 + 1e-12)
    assert time.mean_ms == pytest.approx(7.28381, rel=1e-5)
    assert "Neuron 2.21.0" in time.source
    assert time.quantile_ms(0.98) == 7.331


def test_neuron_names_encoders_by_their_length(tmp_path: Path) -> None:
    header = NEURON.strip() + ",Model details\n"
    rows = (
        'BERT base (bert-base-cased),inf1.xlarge,125.7,7.9,8.0,1,2.20.0,"fp32, sequence-length=128"\n'
        'BERT base,inf1.6xlarge,1988.8,6,6.3,1,2.15.0,"fp32, bert-base-uncased, sequence-length=128"\n'
    )
    catalog = load(tmp_path, "n.csv", header + rows)
    assert set(catalog.variants) == {"bert-base-cased-128", "bert-base-uncased-128"}
    assert {variant.task for variant in catalog.variants.values()} == {"text-encoding"}
    assert {time.model: time.replicas for time in catalog.service_times}["bert-base-uncased-128"] == 12


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Inst. Type,RI-Effective hourly rate\ninf1.xlarge,0.110\n", "prices, and of reserved instances"),
        ("Model,Neuron Version,Inst. Type,Throughput (tokens/second)\nt5,2.18.0,x,9\n", "tokens per second"),
        ("Model,Performance [seq/sec]\nbert,57407\n", "training runs"),
    ],
)
def test_neuron_tables_without_service_times_are_left_out_with_a_reason(
    tmp_path: Path, header: str, reason: str
) -> None:
    catalog = load(tmp_path, "n.csv", header)
    assert catalog.service_times == ()
    assert reason in catalog.warnings[0]


def test_schmid_reads_the_model_from_the_name_and_p95_only(tmp_path: Path) -> None:
    text = (
        "time_avg_ms,time_std_ms,time_p95_ms,sequence_length,instance_type\n54.06,0.1,54.31,128,c6i.2xlarge\n"
    )
    catalog = load(tmp_path, "benchmark_c6i.2xlarge_bert_base_uncased.csv", text)
    (time,) = catalog.service_times
    assert (time.model, time.instance_type, time.mean_ms) == ("bert-base-uncased-128", "c6i.2xlarge", 54.06)
    assert (time.quantile_ms(0.95), time.quantile_ms(0.98)) == (54.31, None)


def test_torchvision_plain_names_are_the_first_weights(tmp_path: Path) -> None:
    header = "family,weights,dataset,metrics,acc1,acc5,num_params,gflops,file_size_mb\n"
    rows = (
        'resnet,ResNet50_Weights.IMAGENET1K_V1,ImageNet-1K,"{""acc@1"": 76.13}",,,25557032,4.1,97.781\n'
        'resnet,ResNet50_Weights.IMAGENET1K_V2,ImageNet-1K,"{""acc@1"": 80.858}",,,25557032,4.1,97.79\n'
        'vgg,VGG16_Weights.IMAGENET1K_FEATURES,ImageNet-1K,"{""acc@1"": float(\'nan\')}",,,1383575,1,527.8\n'
        'detection,RetinaNet_Weights.COCO_V1,COCO-val2017,"{""box_map"": 36.4}",,,34014999,151.5,130.3\n'
        'raft,Raft_Small_Weights.C_T_V1,Sintel,"{""epe"": 2.1}",,,990162,47.7,3.8\n'
    )
    variants = load(tmp_path, "t.csv", header + rows).variants
    assert variants["resnet50"].accuracy_share == pytest.approx(0.7613)
    assert variants["resnet50"].memory_mib == pytest.approx(2 * 97.781 + 256)
    assert variants["resnet50.imagenet1k_v2"].accuracy_share == pytest.approx(0.80858)
    assert variants["vgg16.imagenet1k_features"].accuracy_share is None
    assert (variants["retinanet.coco_v1"].task, variants["retinanet.coco_v1"].accuracy_metric) == (
        "object-detection",
        "coco-box-map",
    )
    assert variants["raft_small.c_t_v1"].accuracy_share is None


def test_timm_takes_known_weights_or_the_lowest_accuracy_and_reads_thousands(tmp_path: Path) -> None:
    header = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation\n"
    rows = (
        "resnet50.a1_in1k,224,80.2,19.8,95,5,25.56,0.95,bicubic\n"
        "resnet50.tv_in1k,224,76.156,23.8,92.9,7.1,25.56,0.875,bilinear\n"
        'eva.x,560,89.8,10.2,99,1,"1,014.45",1.000,bicubic\n'
        "eva.y,560,88.8,11.2,99,1,1014.45,1.000,bicubic\n"
    )
    variants = load(tmp_path, "r.csv", header + rows).variants
    assert variants["resnet50"].accuracy_share == pytest.approx(0.76156)
    assert variants["eva"].accuracy_share == pytest.approx(0.888)
    assert variants["eva"].parameters == 1_014_450_000


def test_timm_benchmarks_join_no_instance_type_and_keep_the_slowest_size(tmp_path: Path) -> None:
    header = (
        "model,infer_img_size,infer_samples_per_sec,infer_step_time,infer_batch_size,param_count,infer_gmacs,"
        "infer_macts\n"
    )
    rows = "vit.a,224,500,2.0,1,86.57,17,16\nvit.b,384,100,10.0,1,86.86,55,101\n"
    (time,) = load(tmp_path, "benchmark-infer-amp-nhwc-pt240-cu124-rtx3090.csv", header + rows).service_times
    assert (time.model, time.instance_type, time.mean_ms, time.quantiles) == ("vit", "rtx3090", 10.0, ())


def test_cocktail_times_name_no_host_and_join_nothing(tmp_path: Path) -> None:
    header = "model,latency_ms,top1_measured_on_their_split,concurrency_per_instance\n"
    catalog = load(tmp_path, "c.csv", header + "VGG16,259,71.3,\nResNet50,98.22,65,5\n")
    assert catalog.service_times == ()
    assert catalog.variants["resnet50"].accuracy_share is None
    assert catalog.failed[0].reason == (
        "the host of its 98.22 ms, 5 at once (top-1 65 % on an own split) is not stated"
    )
    header = "Model,cold_execution,warm_execution,RTT1,Untitled 1,Untitled 2,RTT2\n"
    cold = load(tmp_path, "d.csv", header + "Squeezenet,404,215,4909,670,5313,885\n")
    assert "memory size of its 404 ms cold" in cold.failed[0].reason


def surfaces(tmp_path: Path, **polynomials: object) -> ProfileCatalog:
    return load(tmp_path, "batch.json", json.dumps({"form": "S[s] = ..", "poly": polynomials}))


def test_batch_surfaces_are_in_seconds_of_a_whole_batch(tmp_path: Path) -> None:
    """S = 3 + 0.5 k - 0.001 m: 4 requests at 2,048 MB take 3 + 2 - 2.048 = 2.952 s."""
    catalog = surfaces(tmp_path, anet={"t0": 3.0, "t1": 0.5, "t2": -0.001})
    times = {(time.memory_mb, time.batch): time for time in catalog.function_times}
    assert {memory for memory, _ in times} == {1280, 1536, 1792, 2048, 2560, 3008}
    assert {batch for _, batch in times} == {1, 2, 4, 8, 12, 16, 20}
    found = times[2048, 4]
    assert found.mean_ms == pytest.approx(2952)
    assert (found.quantiles, found.samples, found.load_ms, found.obtained) == ((), None, None, "derived")
    assert found.items_per_request == 1


def test_more_memory_never_slows_a_batch_down(tmp_path: Path) -> None:
    """S = 1 + (m - 2048)^2 / 10^6 turns at 2,048 MB: 1.9216 s at 3,008 MB counts for every size from 1,088 MB on."""
    terms = {"t0": 1 + 2.048**2, "t1": 0.0, "t2": -2 * 2.048e-3, "t3": 0.0, "t4": 0.0, "t5": 1e-6}
    catalog = surfaces(tmp_path, anet=terms)
    assert {round(time.mean_ms, 6) for time in catalog.function_times} == {1921.6}


def test_every_problem_of_batch_surfaces_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        surfaces(tmp_path, gap={"t0": 1.0, "t2": 1.0}, text={"t0": "1"}, none={}, negative={"t0": -1.0})
    assert [problem.split("batch.json ")[1].split(":")[0] for problem in caught.value.problems] == [
        "poly.gap",
        "poly.text",
        "poly.none",
        "poly.negative",
    ]
