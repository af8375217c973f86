import { missing, ok, why } from "./check.js";

/** @import { Chart, Machine, Stack } from "./check.js" */

/*
 * Where the stack takes charts from and puts images to.
 */

/** Whether each chart is to be had, asked of Helm as the release will. @param {Machine} machine @param {Stack} stack */
export async function charts({ run }, stack) {
  if (stack.problem !== undefined)
    return missing(`the configuration cannot be read: ${stack.problem}`, "npm ci");
  const asked = Object.entries(stack.charts).map(async ([name, chart]) => {
    const ended = await run("helm", ["show", "chart", ...location(chart)]);
    return { name, chart, ended };
  });
  const failed = (await Promise.all(asked)).filter(({ ended }) => ended.exit !== 0);
  const [first] = failed;
  if (first === undefined) return ok(Object.values(stack.charts).map(described).join(", "));
  if (first.ended.exit === "absent") return missing("Helm could not ask for them", "install Helm first");
  const names = failed.map(({ chart }) => described(chart)).join(", ");
  return missing(
    `${names}: ${why("helm", first.ended)}`,
    `see to the network, or name a mirror or a folder: ` +
      `pulumi config set --stack ${stack.name} --path gatehouse:charts.${first.name}.chart ./charts/${first.name}`,
  );
}

/** @param {Chart} chart */
function location({ chart, repository, version }) {
  return [
    chart,
    ...(repository === undefined ? [] : ["--repo", repository]),
    ...(version === undefined ? [] : ["--version", version]),
  ];
}

/** @param {Chart} chart */
function described({ chart, repository, version = "" }) {
  return `${chart} ${version}${repository === undefined ? "" : ` of ${repository}`}`.trim();
}

/** Whether the registry answers, and whether Docker has a login where it asks for one. @param {Machine} machine @param {Stack} stack */
export async function registry({ status, read, env }, stack) {
  if (stack.problem !== undefined)
    return missing(`the configuration cannot be read: ${stack.problem}`, "npm ci");
  if (!stack.push) return ok("not needed: gatehouse:push is false");
  const [host = ""] = stack.registry.split("/");
  const answered = await status(apiOf(host)).catch(() => undefined);
  if (answered === undefined) {
    return missing(
      `${host} does not answer`,
      isLocal(host)
        ? "docker run --detach --publish 5000:5000 registry:2, or with minikube's Docker: " +
            `pulumi config set --stack ${stack.name} gatehouse:push false`
        : `see to the network, or name another: pulumi config set --stack ${stack.name} gatehouse:registry HOST/PATH`,
    );
  }
  if (answered !== 401) return ok(`${host} answers`);
  const config = read(`${env.DOCKER_CONFIG ?? `${env.HOME ?? ""}/.docker`}/config.json`);
  return hasLogin(config, host)
    ? ok(`${host} answers, and Docker has a login`)
    : missing(`${host} asks for a login, and Docker has none`, `docker login ${host}`);
}

/** @param {string} host */
function apiOf(host) {
  if (isHub(host)) return "https://registry-1.docker.io/v2/";
  return `${isLocal(host) ? "http" : "https"}://${host}/v2/`;
}

/** @param {string} host */
function isHub(host) {
  return host === "docker.io";
}

/** Docker speaks plain HTTP to these. @param {string} host */
function isLocal(host) {
  return /^(localhost|127\.[\d.]+)(:\d+)?$/.test(host);
}

/** @param {string | undefined} config Docker's @param {string} host */
function hasLogin(config, host) {
  if (config === undefined) return false;
  const { auths = {}, credHelpers = {} } = /** @type {{ auths?: object, credHelpers?: object }} */ (
    JSON.parse(config)
  );
  const keys = isHub(host) ? ["https://index.docker.io/v1/", host] : [host, `https://${host}`];
  return keys.some((key) => key in auths || key in credHelpers);
}
