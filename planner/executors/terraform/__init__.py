"""Files with which Terraform makes what the target aws would make."""
