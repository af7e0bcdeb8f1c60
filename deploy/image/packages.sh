#!/usr/bin/env bash
# Debian packages of an image.
#
#   packages.sh TARGET            installs them; TARGET is cpu, office, cuda or ray
#   packages.sh TARGET --print    prints their names
set -euo pipefail

target=${1:?"packages.sh TARGET [--print]"}
packages=(
    fonts-noto-cjk # Chinese, Japanese and Korean text of PDFs that embed no fonts
    libgomp1       # onnxruntime, OpenVINO and torch
    tesseract-ocr  # OCR of Korean: --ocr tesseract:kor+eng
    tesseract-ocr-eng
    tesseract-ocr-kor
    tini # reaps reading workers, and passes signals on
)
case $target in
    cpu | cuda) ;; # CUDA's libraries come with torch; the driver is the host's
    ray) packages+=(procps) ;; # Ray and KubeRay look at processes
    office) packages+=(libreoffice-calc-nogui libreoffice-impress-nogui libreoffice-writer-nogui) ;;
    *)
        echo "packages.sh: there is no target $target (cpu, office, cuda, ray)" >&2
        exit 2
        ;;
esac

if [ "${2:-}" = --print ]; then
    printf '%s\n' "${packages[@]}"
    exit
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
rm -rf /var/lib/apt/lists/*
