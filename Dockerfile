# headstart on a CPU, as a user without rights. The versions are those that are tested together (constraints.txt), and
# torch comes as its CPU wheel: not the gigabytes of a GPU's.
#
#   docker build -t headstart .
#   docker run --rm -v "$PWD:/work" headstart fit photos/ --out runs/birds
#   docker run --rm -p 8000:8000 -v "$PWD:/work" headstart serve runs/birds --host 0.0.0.0
FROM python:3.11-slim

RUN useradd --create-home --uid 1000 headstart
WORKDIR /opt/headstart
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu -c constraints.txt torch torchvision \
 && pip install --no-cache-dir -c constraints.txt '.[openvino,demo,serve,export]' \
 && rm -rf /opt/headstart

USER headstart
ENV HEADSTART_CACHE=/home/headstart/.cache/headstart
VOLUME ["/home/headstart/.cache/headstart"]
WORKDIR /work
EXPOSE 8000
ENTRYPOINT ["headstart"]
CMD ["--help"]
