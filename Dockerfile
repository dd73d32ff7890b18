# The page, on a machine with an NVIDIA GPU or on one without.
#
#   docker build -t presence --target cuda .
#   docker run --rm --gpus all -p 7860:7860 -v presence-data:/data presence
#
#   docker build -t presence --target cpu --build-arg TORCH_INDEX=<address> .
#   docker run --rm -p 7860:7860 -v presence-data:/data presence
#
# PyPI's torch for Linux on x86-64 brings CUDA along, several gigabytes of it: that is what `cuda`
# installs. `cpu` takes torch from the package index of PyTorch's CPU builds, whose address PyTorch's
# install page gives.

FROM python:3.12-slim AS system

COPY packages.txt /tmp/
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends < /tmp/packages.txt \
    && rm -rf /var/lib/apt/lists/* /tmp/packages.txt

RUN useradd --create-home --uid 1000 presence \
    && install -d -o presence -g presence /data /presence
WORKDIR /presence

# OMP_WAIT_POLICY: idle OpenMP threads would spin; it counts only if set before torch is imported.
ENV PRESENCE_HOST=0.0.0.0 \
    PRESENCE_PORT=7860 \
    HF_HOME=/data/huggingface \
    PRESENCE_DATA=/data/presence \
    GRADIO_ANALYTICS_ENABLED=False \
    OMP_WAIT_POLICY=PASSIVE \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['PRESENCE_PORT'], timeout=8)"]

# Open connections can hold up SIGTERM; an interrupt ends the server at once.
STOPSIGNAL SIGINT
CMD ["python", "app.py"]


FROM system AS cuda

# What NVIDIA's container toolkit gives to the container: the GPUs, and of the driver what CUDA needs.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
# Before the code, so that a change of code does not install everything anew.
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY --chown=presence:presence . .
USER 1000


FROM system AS cpu

ARG TORCH_INDEX=
COPY requirements.txt .
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt
COPY --chown=presence:presence . .
USER 1000
