# The page, on a CPU or a CUDA machine.
#
#   docker build -t presence .
#   docker run --rm -p 7860:7860 -v presence-data:/data presence
#
# PyPI's torch for Linux on x86-64 brings CUDA along, several gigabytes of it. For a machine without
# a GPU, name the package index of PyTorch's CPU builds, which PyTorch's install page gives:
#
#   docker build -t presence --build-arg TORCH_INDEX=<address of that index> .
#
# With a GPU, add `--gpus all` to docker run.

FROM python:3.11-slim

COPY packages.txt /tmp/
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends < /tmp/packages.txt \
    && rm -rf /var/lib/apt/lists/* /tmp/packages.txt

RUN useradd --create-home --uid 1000 presence \
    && install -d -o presence -g presence /data /presence
WORKDIR /presence

# Before the code, so that a change of code does not install everything anew.
ARG TORCH_INDEX=
COPY requirements.txt .
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt

COPY --chown=presence:presence . .
USER presence

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
