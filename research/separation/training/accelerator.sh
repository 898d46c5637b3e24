#!/bin/sh
# Train the separation network on an accelerator that is there for a quarter of an hour, and use it whole:
#
#   sh research/separation/training/accelerator.sh PACKED RUN MINUTES [options of train]
#
# PACKED: what `python -m research.datasets pack` made. RUN: the run's folder; where it has a checkpoint the run goes on,
# and `--initial research/checkpoints/separation/checkpoint.pt` begins one from the shipped weights. MINUTES: all in all.
# The learning rate falls to nothing over the second half. DEVICE=cpu tries the script where there is no accelerator.
# Needs the packages of `.[train]`, with a PyTorch that knows the device.
set -eu

[ $# -ge 3 ] || { sed -n '2,9p' "$0" | cut -c3-; exit 2; }
packed=$1 run=$2 minutes=$3
shift 3
device=${DEVICE:-cuda} python=${PYTHON:-python3}
began=$(date +%s)

"$python" - "$device" <<'CHECK'
import sys, torch
if sys.argv[1] == "cuda" and not torch.cuda.is_available():
    sys.exit("no CUDA device here; DEVICE=cpu tries the script without one")
if sys.argv[1] == "cuda":
    print(torch.cuda.get_device_name(0))
CHECK

stems=$(mktemp -d "${TMPDIR:-/tmp}/stems.XXXXXX")
trap 'rm -rf "$stems"' EXIT
"$python" -m research.datasets unpack --packed "$packed" --out "$stems"

# two processors for PyTorch and the system, all others draw mixtures
drawers=$(($(nproc) - 2))
[ "$drawers" -ge 1 ] || drawers=1
[ "$device" = cpu ] && batch=4 || batch=16
left=$("$python" -c "print(max(0.1, $minutes - ($(date +%s) - $began) / 60))")
OMP_NUM_THREADS=1 "$python" -m research.separation.training train --stems "$stems" --run "$run" --minutes "$left" \
    --cool-minutes "$("$python" -c "print($left / 2)")" --device "$device" --processes "$drawers" --batch "$batch" \
    --rate 1.5e-3 --every 500 "$@"
