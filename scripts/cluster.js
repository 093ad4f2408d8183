// `npm run test:cluster`: installs what a cluster is made of, where root can, and runs test/cluster.
// Nothing of it is started as a service of this machine. What is still missing is skipped, and said.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

/** Debian's packages, each with what shows that it is there. */
const PACKAGES = {
	postgresql: () => existsSync("/usr/lib/postgresql"),
	patroni: () => has("patroni"),
	// Patroni reaches etcd through it.
	"python3-etcd": () => existsSync("/usr/lib/python3/dist-packages/etcd"),
	"etcd-server": () => has("etcd"),
	haproxy: () => has("haproxy"),
	nginx: () => has("nginx"),
	iproute2: () => has("ip"),
	"util-linux": () => has("setpriv"),
};
const MINUTES_MAX = 10;
/** Asked by packages whether they may start their service; 101 says no. */
const POLICY = "/usr/sbin/policy-rc.d";
/** Keeps the package of PostgreSQL from making a cluster and starting it. */
const CLUSTERS = "/etc/postgresql-common/createcluster.conf";

const missing = Object.keys(PACKAGES).filter((name) => !PACKAGES[name]());
if (missing.length > 0) install(missing);
const parameters = ["--import", "./scripts/typed.js", "test/cluster/main.ts"];
const all = [...parameters, ...process.argv.slice(2)];
// SIGINT and SIGTERM reach the run, which ends by itself, and ends what it has started.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);
const { status } = spawnSync(process.execPath, all, { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;

function install(names) {
	if (process.getuid?.() !== 0 || !has("apt-get")) return;
	say(`installing ${names.join(", ")}`);
	const isOurs = !existsSync(POLICY);
	if (isOurs) writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
	if (names.includes("postgresql") && !existsSync(CLUSTERS)) {
		mkdirSync("/etc/postgresql-common", { recursive: true });
		writeFileSync(CLUSTERS, "create_main_cluster = false\n");
	}
	try {
		apt("update", "-qq");
		apt("install", "-y", "-qq", "--no-install-recommends", ...names);
	} finally {
		if (isOurs) rmSync(POLICY, { force: true });
	}
	const left = names.filter((name) => !PACKAGES[name]());
	if (left.length > 0) say(`cannot install ${left.join(", ")}`);
}

/** Others may install something at the same time. */
function apt(...words) {
	spawnSync("apt-get", ["-o", "DPkg::Lock::Timeout=120", ...words], {
		env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
		stdio: ["ignore", "ignore", "inherit"],
		timeout: MINUTES_MAX * 60_000,
	});
}

function has(program) {
	return spawnSync("which", [program]).status === 0;
}

function say(line) {
	process.stderr.write(`cluster: ${line}\n`);
}
