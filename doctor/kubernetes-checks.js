import { GIB, gib, missing, ok, why } from "./check.js";
import { charts, registry } from "./sources.js";

/** @import { Check, Ended, Machine, Stack } from "./check.js" */

const MINIKUBE = "minikube start --cpus=4 --memory=8g --cni=calico --addons=metrics-server";
const LEAST_NODE = 22;

/** What `pulumi up` needs. @type {readonly Check[]} */
export const kubernetesChecks = [
  { name: "Node for Pulumi", group: "kubernetes", run: hostNode },
  { name: "Docker", group: "kubernetes", run: docker },
  { name: "kubectl", group: "kubernetes", run: kubectl },
  { name: "minikube", group: "kubernetes", run: minikube },
  { name: "cluster", group: "kubernetes", run: cluster },
  { name: "metrics-server", group: "kubernetes", run: metrics },
  { name: "Helm", group: "kubernetes", run: helm },
  { name: "Pulumi", group: "kubernetes", run: pulumi },
  { name: "Pulumi's login", group: "kubernetes", run: login },
  { name: "charts", group: "kubernetes", run: charts },
  { name: "image registry", group: "kubernetes", run: registry },
];

/**
 * Pulumi takes `node` from the shell's PATH, before which npm has put folders of its own while this runs.
 * @param {Machine} machine
 */
async function hostNode({ run, env }) {
  const folders = (env.PATH ?? "").split(":");
  const shell = folders.slice(folders.findIndex((folder) => folder.endsWith("node-gyp-bin")) + 1);
  const ended = await run("node", ["--version"], { PATH: shell.join(":") });
  const mend = 'export PATH="$PWD/node_modules/.bin:$PATH"';
  if (ended.exit !== 0) return missing(why("node", ended), mend);
  return Number(/\d+/.exec(ended.output)?.[0]) < LEAST_NODE
    ? missing(`Node ${ended.output} of this shell is older than ${LEAST_NODE}`, mend)
    : ok(ended.output);
}

/** @param {Machine} machine */
async function docker({ run }) {
  const ended = await run("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (ended.exit === 0) return ok(ended.output);
  if (ended.exit === "absent") {
    return missing(why("docker", ended), "install it: https://docs.docker.com/engine/install");
  }
  const mend = /permission denied/i.test(ended.complaint)
    ? 'sudo usermod --append --groups docker "$USER", then sign in again'
    : "start Docker (sudo systemctl start docker), or take minikube's: eval $(minikube docker-env)";
  return missing(why("docker", ended), mend);
}

/** @param {Machine} machine */
async function kubectl({ run }) {
  const ended = await run("kubectl", ["version", "--client", "--output=json"]);
  return ended.exit === 0
    ? ok(versionIn(ended.output))
    : missing(why("kubectl", ended), "install it: https://kubernetes.io/docs/tasks/tools");
}

/** Only where the stack's cluster is minikube's. @param {Machine} machine @param {Stack} stack */
async function minikube({ run, memory, processors }, stack) {
  if (stack.context !== "minikube") return ok(`not needed: the cluster is ${nameOf(stack)}`);
  const ended = await run("minikube", ["version", "--short"]);
  if (ended.exit !== 0) {
    return missing(why("minikube", ended), "install it: https://minikube.sigs.k8s.io/docs/start");
  }
  return memory < 8 * GIB || processors < 4
    ? missing(
        `${processors} CPUs and ${gib(memory)}, where the defaults take 4 and 8.0 GiB`,
        "use the smaller numbers of Pulumi.ci.yaml, or another cluster",
      )
    : ok(ended.output);
}

/** @param {Machine} machine @param {Stack} stack */
async function cluster(machine, stack) {
  const ended = await ask(machine, stack, ["get", "--raw", "/version"]);
  if (ended.exit === 0) return ok(`${nameOf(stack)}, ${versionIn(ended.output)}`);
  if (ended.exit === "absent") return missing("kubectl could not ask", "install kubectl first");
  const mend =
    stack.context === "minikube"
      ? MINIKUBE
      : `choose one with kubectl config get-contexts and ${setting(stack, "kubernetes:context", "NAME")}`;
  return missing(`${nameOf(stack)} cannot be reached: ${why("kubectl", ended)}`, mend);
}

/** Without it the autoscalers see no load. @param {Machine} machine @param {Stack} stack */
async function metrics(machine, stack) {
  const path = '{.status.conditions[?(@.type=="Available")].status}';
  const service = ["get", "apiservice", "v1beta1.metrics.k8s.io", `--output=jsonpath=${path}`];
  const ended = await ask(machine, stack, service);
  if (ended.exit === 0 && ended.output === "True") return ok("it answers");
  if (ended.exit !== 0 && !ended.complaint.includes("NotFound")) {
    return missing("the cluster could not be asked", "reach the cluster first");
  }
  const mend =
    stack.context === "minikube"
      ? "minikube addons enable metrics-server"
      : "kubectl apply -f https://github.com/kubernetes-sigs/metrics-server/releases/latest/download/components.yaml";
  return missing(ended.exit === 0 ? "it does not answer" : "it is not installed", mend);
}

/** @param {Machine} machine */
async function helm({ run }) {
  const ended = await run("helm", ["version", "--short"]);
  return ended.exit === 0
    ? ok(ended.output)
    : missing(why("helm", ended), "install it: https://helm.sh/docs/intro/install");
}

/** @param {Machine} machine */
async function pulumi({ run }) {
  const ended = await run("pulumi", ["version"]);
  return ended.exit === 0
    ? ok(ended.output)
    : missing(why("pulumi", ended), "install it: https://www.pulumi.com/docs/iac/download-install");
}

/** @param {Machine} machine @param {Stack} stack */
async function login({ run }, stack) {
  const ended = await run("pulumi", ["whoami", "--non-interactive"]);
  if (ended.exit === "absent") return missing("Pulumi could not be asked", "install Pulumi first");
  if (ended.exit !== 0) return missing(why("pulumi", ended), "pulumi login --local, or another backend");
  return ok(`${ended.output}, stack ${stack.name}`);
}

/** @param {Machine} machine @param {Stack} stack @param {readonly string[]} args @returns {Promise<Ended>} */
function ask({ run }, { context }, args) {
  return run("kubectl", [
    ...(context === undefined ? [] : ["--context", context]),
    "--request-timeout=5s",
    ...args,
  ]);
}

/** @param {Stack} stack */
function nameOf({ context }) {
  return context ?? "the current context of kubectl";
}

/** @param {Stack} stack @param {string} key @param {string} value */
function setting({ name }, key, value) {
  return `pulumi config set --stack ${name} ${key} ${value}`;
}

/** @param {string} json what Kubernetes says of its version */
function versionIn(json) {
  return /"gitVersion":\s*"([^"]+)"/.exec(json)?.[1] ?? "a version that it does not tell";
}
