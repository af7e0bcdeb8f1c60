"""Containers: the image's scripts, Compose, Kubernetes, Prometheus and Grafana.

No container daemon is needed: the build steps are scripts, which are checked here.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml
from starlette.testclient import TestClient

from api.cli.main import app as program
from api.http.app import create_app
from api.settings import Settings
from ingest.library.home import Home
from ingest.library.writer import LibraryWriter

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
TARGETS = ("cpu", "office", "cuda", "ray")
SETTINGS = {f"PAGEGLASS_{name.upper()}" for name in Settings.model_fields}
MANIFESTS = {
    f"{path.name}: {body['kind']} {body['metadata']['name']}": body
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for body in yaml.safe_load_all(path.read_text(encoding="utf-8"))
}
COMMANDS: Any = typer.main.get_command(program)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def parses(arguments: list[str]) -> bool:
    """Whether the program takes these arguments."""
    command = COMMANDS.commands[arguments[0]]
    with command.context_class(command) as context:
        command.make_parser(context).parse_args(arguments[1:])
    return True


def test_the_dockerfile_has_the_targets_and_no_fault() -> None:
    stages = re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.M)
    assert set(stages) >= set(TARGETS)
    assert DOCKERFILE.rindex(" AS cpu") == DOCKERFILE.rindex(" AS ")  # what `docker build .` makes
    hadolint = Path(sys.executable).with_name("hadolint")
    checked = run(str(hadolint), "--format", "json", "Dockerfile")
    assert json.loads(checked.stdout) == []
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]:
        if stage.splitlines()[0].rsplit(" ", 1)[-1] in TARGETS:
            assert re.search(r"^USER \d+$", stage, re.M), "must not run as root"
    named = set(re.findall(r"PAGEGLASS_[A-Z_]+", DOCKERFILE))
    assert named <= SETTINGS


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_has_the_packages_of_its_target(target: str) -> None:
    packages = run("deploy/image/packages.sh", target, "--print").stdout.split()
    assert {"tesseract-ocr-kor", "tesseract-ocr-eng", "fonts-noto-cjk", "tini"} <= set(packages)
    assert ("libreoffice-writer-nogui" in packages) == (target == "office")


def test_the_packages_of_images_are_debians() -> None:
    if not shutil.which("apt-cache"):
        pytest.skip("there is no apt-cache here")
    wanted = {
        name
        for target in TARGETS
        for name in run("deploy/image/packages.sh", target, "--print").stdout.split()
    }
    known = set(re.findall(r"^(\S+):$", run("apt-cache", "policy", *wanted).stdout, re.M))
    if not known:
        pytest.skip("there are no lists of Debian's packages here")
    assert wanted - known == set()


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_installs_the_locked_versions(target: str) -> None:
    done = run("deploy/image/install.sh", target, ".", "/nowhere", "--dry-run")
    assert done.returncode == 0, done.stderr
    wanted, *constraints = done.stdout.splitlines()
    extras = wanted.removeprefix("pageglass[").removesuffix("]").split(",")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(extras) <= declared["optional-dependencies"].keys()
    assert ("models" in extras) == (target == "cuda")
    assert ("cluster" in extras) == (target == "ray")
    locked = re.findall(
        r"^([\w.-]+)(?:\[.*?\])?==", (ROOT / "requirements/dev.txt").read_text(), re.M
    )
    pinned = [re.split("==", line)[0] for line in constraints]
    assert sorted(pinned) == sorted(locked)
    assert not any("--hash" in line or "\\" in line for line in constraints)


def test_unknown_targets_are_refused() -> None:
    for script in ("packages.sh", "install.sh"):
        refused = run(f"deploy/image/{script}", "tpu", ".", "/nowhere")
        assert refused.returncode == 2
        assert "there is no target tpu" in refused.stderr


def test_compose_has_services_that_exist_with_settings_that_are_ours() -> None:
    services = COMPOSE["services"]
    ours = {n: s for n, s in services.items() if s["image"].startswith("pageglass:")}
    assert set(ours) == {"serve", "serve-gpu", "worker"}
    for service in ours.values():
        assert service["build"]["target"] in TARGETS
        assert service["image"].endswith(f":{service['build']['target']}")
        assert set(service["environment"]) <= SETTINGS
        assert parses(service["command"])
    assert services["serve-gpu"]["profiles"] == ["gpu"]
    assert services["prometheus"]["profiles"] == services["grafana"]["profiles"]
    volumes = {
        mount.split(":")[0]
        for service in services.values()
        for mount in service.get("volumes", ())
        if re.match(r"\w+:", mount)
    }
    assert volumes == set(COMPOSE["volumes"])
    files = [
        ROOT / mount.split(":")[0]
        for service in services.values()
        for mount in service.get("volumes", ())
        if mount.startswith("./deploy")
    ]
    assert all(path.exists() for path in files)
    address = COMPOSE["services"]["serve"]["environment"]["PAGEGLASS_CHROMA"]
    assert Settings(chroma=address).chroma_server()


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_valid_and_careful(name: str) -> None:
    body = MANIFESTS[name]
    kubernetes_validate.validate(body, "1.30", strict=True)
    pod = body["spec"].get("template", {}).get("spec") if "spec" in body else None
    if not pod:
        return
    assert pod["automountServiceAccountToken"] is False
    container = pod["containers"][0]
    assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert "memory" in container["resources"]["limits"]
    if not container["image"].startswith("pageglass:"):
        return
    # A service named pageglass sets PAGEGLASS_PORT to an address, which the program refuses.
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert parses(container["args"])
    assert container["image"].removeprefix("pageglass:") in TARGETS
    assert {variable["name"] for variable in container["env"]} <= SETTINGS
    paths = {probe: container[probe]["httpGet"]["path"] for probe in container if "Probe" in probe}
    assert paths == {
        "startupProbe": "/health",
        "livenessProbe": "/health",
        "readinessProbe": "/ready",
    }


def test_the_manifests_fit_together() -> None:
    bodies = list(MANIFESTS.values())
    named = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text())["resources"]
    assert {name.split(":")[0] for name in MANIFESTS} == set(named)
    config = next(body for body in bodies if body["kind"] == "ConfigMap")
    assert config["data"].keys() <= SETTINGS
    services = {b["metadata"]["name"]: b["spec"] for b in bodies if b["kind"] == "Service"}
    host, port = re.match(r"http://([\w-]+):(\d+)$", config["data"]["PAGEGLASS_CHROMA"]).groups()  # type: ignore[union-attr]
    assert services[host]["ports"][0]["port"] == int(port)
    pods = [b["spec"]["template"] for b in bodies if "template" in b.get("spec", {})]
    labels = [pod["metadata"]["labels"] for pod in pods]
    assert all(service["selector"] in labels for service in services.values())
    scaled = next(b["spec"] for b in bodies if b["kind"] == "HorizontalPodAutoscaler")
    assert scaled["scaleTargetRef"]["name"] == "pageglass-search"
    search = next(b for b in bodies if b["metadata"]["name"] == "pageglass-search")
    assert "replicas" not in search["spec"]  # the autoscaler's to say


def test_a_ray_job_runs_an_ingest_in_images_that_have_ray() -> None:
    job = yaml.safe_load((DEPLOY / "ray/rayjob.yaml").read_text())["spec"]
    cluster = yaml.safe_load((DEPLOY / "ray/cluster.yaml").read_text())
    name, *arguments = shlex.split(job["entrypoint"])
    assert name == "pageglass"
    assert parses(arguments)
    groups = job["rayClusterSpec"]
    templates = [groups["headGroupSpec"]["template"]]
    templates += [group["template"] for group in groups["workerGroupSpecs"]]
    for template in templates:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "node"}, **template}
        kubernetes_validate.validate(pod, "1.30", strict=True)
        container = template["spec"]["containers"][0]
        assert template["spec"]["enableServiceLinks"] is False
        assert container["image"] == cluster["docker"]["image"] == "pageglass:ray"
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]
    assert any("RAY_USAGE_STATS_ENABLED=0" in option for option in cluster["docker"]["run_options"])


def test_the_dashboard_asks_for_metrics_that_there_are(tmp_path: Path) -> None:
    home = Home(tmp_path)
    LibraryWriter(home)  # an empty library
    with TestClient(create_app(home), base_url="http://127.0.0.1") as client:
        text = client.get("/metrics").text
    kinds = dict(re.findall(r"^# TYPE (pageglass_\w+) (\w+)$", text, re.M))
    given = {
        name + part
        for name, kind in kinds.items()
        if not name.endswith("_created")
        for part in (("_bucket", "_sum", "_count") if kind == "histogram" else ("",))
    }
    dashboard = json.loads((DEPLOY / "grafana/dashboards/pageglass.json").read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"pageglass_\w+", target["expr"])
    }
    assert asked == given | {"pageglass_gpu_bytes"}  # there with a GPU alone
    sources = yaml.safe_load(
        (DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text()
    )
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {
        source["uid"] for source in sources["datasources"]
    }
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    host, port = scraped["scrape_configs"][0]["static_configs"][0]["targets"][0].split(":")
    assert host in COMPOSE["services"]
    assert f"EXPOSE {port}" in DOCKERFILE
    assert shlex.split(COMPOSE["services"]["serve"]["ports"][0])[0].endswith(f":{port}")
