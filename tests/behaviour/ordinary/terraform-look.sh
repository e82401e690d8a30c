# terraform, of which fmt, validate and version look at the workspace alone
# needs: terraform
# guards: kernel
# home: builders.sh

set -e
export CHECKPOINT_DISABLE=1
printf 'variable "name" {\ntype = string\n}\n' > main.tf
terraform fmt
cat main.tf
terraform validate -no-color
terraform version
