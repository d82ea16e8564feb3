"""Checks rendered Kubernetes manifests: check.py SETTINGS FILE... SETTINGS is deploy/README.md, which has both services' settings.

Every object is validated against the schemas of several Kubernetes versions, then against the rules below, which no schema knows.
Exits with 1 and one line a fault.
"""
import re
import sys

import kubernetes_validate
import yaml

VERSIONS = ["1.28", "1.31", "1.34", "1.37"]
WITHOUT_SCHEMA = {"PodMonitor"}  # defined by the Prometheus operator, not by Kubernetes
SERVICES = {"gateway": "chat-gateway", "persister": "chat-persister"}
SECRET_NAME = re.compile(r"(PASSWORD|SECRET|TOKEN|DATABASE_URL|REDIS_URLS)$")
# Seconds that a service may take after SIGTERM beside its DRAIN_TIMEOUT_SECONDS, which the gateway takes twice, and the time in
# which it sends its clients away.
DRAIN_TIMES = {"gateway": 2, "persister": 1}
DRAIN_EXTRA_SECONDS = 10


class Manifests:
    def __init__(self, objects):
        self.objects = objects
        self.by_name = {(o["kind"], o["metadata"]["name"]): o for o in objects}

    def of(self, *kinds):
        return [o for o in self.objects if o["kind"] in kinds]

    def workloads(self):
        return self.of("Deployment", "StatefulSet", "DaemonSet", "Job")

    def settings_of(self, container):
        """The container's environment as far as it stands in the manifests."""
        values = {}
        for source in container.get("envFrom", []):
            values.update(self.by_name.get(("ConfigMap", source["configMapRef"]["name"]), {"data": {}})["data"])
        values.update({entry["name"]: entry.get("value") for entry in container.get("env", [])})
        return values


def faults_of_schemas(manifests):
    for o in manifests.objects:
        if o["kind"] in WITHOUT_SCHEMA:
            continue
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(o, version, strict=True)
            except Exception as error:  # its kinds of errors differ between the package's versions
                yield f"{name_of(o)}: Kubernetes {version}: {str(error).splitlines()[0]}"


def faults_of_hardening(manifests):
    for workload in manifests.workloads():
        pod = workload["spec"]["template"]["spec"]
        context = pod.get("securityContext", {})
        demands = {
            "runAsNonRoot": context.get("runAsNonRoot") is True,
            "a numeric runAsUser above 0": context.get("runAsUser", 0) > 0,
            "seccompProfile RuntimeDefault": context.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "no token of the API": pod.get("automountServiceAccountToken") is False,
            # A service called "gateway" would set GATEWAY_PORT in every pod, and one called "redis" REDIS_PORT.
            "no service links": pod.get("enableServiceLinks") is False,
            "a spread over nodes": bool(pod.get("topologySpreadConstraints")),
        }
        for container in pod["containers"]:
            own = container.get("securityContext", {})
            demands |= {
                "allowPrivilegeEscalation: false": own.get("allowPrivilegeEscalation") is False,
                "a read-only root": own.get("readOnlyRootFilesystem") is True,
                "no capabilities": own.get("capabilities", {}).get("drop") == ["ALL"],
                "requests of CPU and memory": {"cpu", "memory"} <= set(container["resources"].get("requests", {})),
                "a limit of memory": "memory" in container["resources"].get("limits", {}),
            }
        yield from (f"{name_of(workload)}: it lacks {demand}" for demand, is_met in demands.items() if not is_met)


def faults_of_probes(manifests):
    for workload in manifests.workloads():
        for container in workload["spec"]["template"]["spec"]["containers"]:
            ports = {port["name"] for port in container["ports"]}
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                get = container.get(probe, {}).get("httpGet")
                if not get or get["port"] not in ports:
                    yield f"{name_of(workload)}: {probe} asks no port of the container"
                elif container["name"] in SERVICES:
                    expected = "/readyz" if probe == "readinessProbe" else "/livez"
                    if (get["port"], get["path"]) != ("admin", expected):
                        yield f"{name_of(workload)}: {probe} does not ask {expected} of the admin port"


def faults_of_settings(manifests, known):
    for workload in manifests.workloads():
        pod = workload["spec"]["template"]["spec"]
        for container in pod["containers"]:
            values = manifests.settings_of(container)
            for name, value in values.items():
                if value and SECRET_NAME.search(name):
                    yield f"{name_of(workload)}: {name} has its value in a manifest"
            if container["name"] not in SERVICES:
                continue
            for name in values.keys() - known[SERVICES[container["name"]]]:
                if not name.startswith("KAFKA_CONF_"):
                    yield f"{name_of(workload)}: {SERVICES[container['name']]} has no setting {name}"
            spread = int(values.get("DRAIN_DELAY_SECONDS", 0)) + int(values.get("DRAIN_SECONDS", 0))
            drain = spread + int(values.get("DRAIN_TIMEOUT_SECONDS", 0)) * DRAIN_TIMES[container["name"]] + DRAIN_EXTRA_SECONDS
            if pod["terminationGracePeriodSeconds"] < drain:
                yield f"{name_of(workload)}: terminationGracePeriodSeconds is below the {drain} s that a drain may take"


def faults_of_references(manifests):
    pods = [(w["spec"]["template"]["metadata"]["labels"], w) for w in manifests.workloads()]
    selects = lambda selector, labels: selector.items() <= labels.items()
    for o in manifests.of("Service", "PodDisruptionBudget"):
        selector = o["spec"]["selector"].get("matchLabels", o["spec"]["selector"])
        chosen = [w for labels, w in pods if selects(selector, labels)]
        if len(chosen) != 1:
            yield f"{name_of(o)}: it selects {len(chosen)} workloads instead of one"
        elif o["kind"] == "Service":
            ports = {port["name"] for c in chosen[0]["spec"]["template"]["spec"]["containers"] for port in c["ports"]}
            yield from (f"{name_of(o)}: there is no port {port['targetPort']}" for port in o["spec"]["ports"] if port["targetPort"] not in ports)
    for workload in manifests.workloads():
        for container in workload["spec"]["template"]["spec"]["containers"]:
            names = [source["configMapRef"]["name"] for source in container.get("envFrom", [])]
            yield from (f"{name_of(workload)}: there is no ConfigMap {name}" for name in names if ("ConfigMap", name) not in manifests.by_name)
        labels = workload["spec"]["template"]["metadata"]["labels"]
        policies = [p for p in manifests.of("NetworkPolicy") if matches(p["spec"]["podSelector"], labels) and p["spec"].get("ingress")]
        if not policies:
            yield f"{name_of(workload)}: no network policy lets anything in"
        if workload["kind"] == "StatefulSet" and ("Service", workload["spec"]["serviceName"]) not in manifests.by_name:
            yield f"{name_of(workload)}: there is no service {workload['spec']['serviceName']}"
    for scaler in manifests.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) not in manifests.by_name:
            yield f"{name_of(scaler)}: there is no {target['kind']} {target['name']}"
        elif "replicas" in manifests.by_name[(target["kind"], target["name"])]["spec"]:
            yield f"{name_of(scaler)}: its target has replicas of its own, which every apply would set back"


def faults_of_the_whole(manifests):
    if manifests.of("Secret"):
        yield "there is a Secret: its values would be in the repository"
    if not any(p["spec"]["podSelector"] == {} and not p["spec"].get("ingress") and not p["spec"].get("egress")
               and set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"} for p in manifests.of("NetworkPolicy")):
        yield "no network policy denies everything by default"


def matches(selector, labels):
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", []))


def name_of(o):
    return f"{o['kind']} {o['metadata']['name']}"


def settings_by_service(path):
    with open(path, encoding="utf-8") as file:
        sections = re.split(r"^### (chat-\w+)$", file.read(), flags=re.MULTILINE)[1:]
    return {name: set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) for name, text in zip(sections[::2], sections[1::2])}


def main():
    known = settings_by_service(sys.argv[1])
    failed = False
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            manifests = Manifests([o for o in yaml.safe_load_all(file) if o])
        faults = [*faults_of_schemas(manifests), *faults_of_hardening(manifests), *faults_of_probes(manifests),
                  *faults_of_settings(manifests, known), *faults_of_references(manifests), *faults_of_the_whole(manifests)]
        for fault in faults:
            print(f"{path}: {fault}", file=sys.stderr)
        failed |= bool(faults)
        print(f"  {path}: {len(manifests.objects)} objects, Kubernetes {', '.join(VERSIONS)}, {len(faults)} faults")
    sys.exit(failed)


main()
