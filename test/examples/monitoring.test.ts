/** The examples for Prometheus, Grafana and Docker: what they ask for is there. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { OPTIONS, parseSettings } from "../../src/config.ts";
import { refuseUnknownVariables } from "../../src/options.ts";
import { ROOT } from "../structure/source.ts";

const MONITORING = join(ROOT, "examples/monitoring");
const COMPOSE = join(ROOT, "examples/compose");
const yaml = createRequire(import.meta.url)("js-yaml") as { load(text: string): unknown };

const documented = readFileSync(join(ROOT, "docs/metrics.md"), "utf8");
/** `test/http/numbers` holds the page against the server. */
const metrics = new Set([...documented.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));

function unknownIn(expression: string): string[] {
	const names = expression.match(/\b(?:varve|process|nodejs)_\w+/g) ?? [];
	return names.filter((name) => !metrics.has(name.replace(/_(?:bucket|sum|count)$/, "")));
}

function has(...command: [string, ...string[]]): boolean {
	return spawnSync(command[0], command.slice(1)).status === 0;
}

const hasPromtool = has("promtool", "--version");
const hasCompose = has("docker", "compose", "version");
if (!hasPromtool) console.warn("SKIPPED: the alerts, promtool is not installed");
if (!hasCompose) console.warn("SKIPPED: the compose file, docker compose is not installed");

describe("examples/monitoring", () => {
	type Rule = { alert: string; expr: string; labels: { severity: string } };
	const alerts = yaml.load(readFileSync(join(MONITORING, "alerts.yml"), "utf8")) as {
		groups: { rules: Rule[] }[];
	};
	const rules = alerts.groups.flatMap((group) => group.rules);

	test("every alert asks for metrics that there are, and says how much it matters", () => {
		expect(rules.length).toBeGreaterThan(5);
		for (const { expr, labels } of rules) {
			expect(unknownIn(expr)).toEqual([]);
			expect(labels.severity).toMatch(/^(page|ticket)$/);
		}
	});

	test("every query of the dashboard asks for metrics that there are", () => {
		type Panel = { title: string; targets: { expr: string }[] };
		const { panels, templating } = JSON.parse(
			readFileSync(join(MONITORING, "dashboard.json"), "utf8"),
		) as { panels: Panel[]; templating: unknown };
		const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
		expect(queries.length).toBeGreaterThan(20);
		for (const query of queries) {
			expect(query).toMatch(/(?:varve|process|nodejs)_\w+/);
			expect(unknownIn(query)).toEqual([]);
		}
		expect(unknownIn(JSON.stringify(templating))).toEqual([]);
	});

	const withPromtool = hasPromtool ? test : test.skip;
	withPromtool.each([
		["the configuration", ["check", "config", "prometheus.yml"]],
		["the alerts", ["check", "rules", "alerts.yml"]],
		["what the alerts do", ["test", "rules", "alerts.test.yml"]],
	])("promtool finds nothing wrong in %s", (_, args) => {
		const run = spawnSync("promtool", args, { cwd: MONITORING, encoding: "utf8" });
		expect([run.status, run.status === 0 ? "" : run.stdout + run.stderr]).toEqual([0, ""]);
	});
});

describe("examples/compose", () => {
	type Service = {
		volumes?: string[];
		command?: string[];
		network_mode?: string;
		environment?: object;
		depends_on?: object;
	};
	const file = join(COMPOSE, "compose.yaml");
	const { services, volumes } = yaml.load(readFileSync(file, "utf8")) as {
		services: { [name: string]: Service };
		volumes: object;
	};

	test("every file and volume that it mounts is there", () => {
		for (const { volumes: mounts = [] } of Object.values(services)) {
			for (const mount of mounts) {
				const source = mount.split(":")[0] ?? "";
				if (source.startsWith("."))
					expect([source, existsSync(resolve(COMPOSE, source))]).toEqual([source, true]);
				else expect(Object.keys(volumes)).toContain(source);
			}
		}
	});

	test("the server and Prometheus know each option that it gives them", () => {
		const { command = [], environment = {} } = services.varve ?? {};
		const [verb, ...options] = command;
		expect(verb).toBe("serve");
		const variables = environment as Record<string, string>;
		refuseUnknownVariables(variables, OPTIONS);
		expect(parseSettings(options, variables).host).toBe("127.0.0.1");
		if (!has("prometheus", "--version")) return;
		const { stderr, stdout } = spawnSync("prometheus", ["--help"], { encoding: "utf8" });
		for (const option of services.prometheus?.command ?? []) {
			expect(stderr + stdout).toContain(`${option.split("=")[0]}=`);
		}
	});

	test("all share the network of the server, so that their files name loopback", () => {
		const { varve, ...others } = services;
		expect(varve?.environment).toEqual({ VARVE_HOST: "127.0.0.1" });
		for (const { network_mode } of Object.values(others)) {
			expect(network_mode).toBe("service:varve");
		}
		const prometheus = readFileSync(join(MONITORING, "prometheus.yml"), "utf8");
		expect(prometheus).toContain('"127.0.0.1:2113"');
		const nginx = readFileSync(join(ROOT, "examples/reverse-proxy/varve.conf"), "utf8");
		expect(nginx).toContain("server 127.0.0.1:2113;");
	});

	test("Grafana finds its source and its dashboard where they are mounted", () => {
		type Provider = { options: { path: string } };
		const read = (name: string) => yaml.load(readFileSync(join(COMPOSE, "grafana", name), "utf8"));
		const { datasources } = read("source.yml") as { datasources: { url: string }[] };
		expect(datasources).toMatchObject([{ url: "http://127.0.0.1:9090" }]);
		const { providers } = read("dashboards.yml") as { providers: Provider[] };
		const mounts = services.grafana?.volumes?.map((mount) => mount.split(":")[1] ?? "");
		expect(mounts?.map(dirname)).toContain(providers[0]?.options.path);
	});

	(hasCompose ? test : test.skip)("docker compose takes it", () => {
		const args = ["compose", "--file", file, "config", "--quiet"];
		const run = spawnSync("docker", args, { encoding: "utf8" });
		expect([run.status, run.stderr]).toEqual([0, ""]);
	});
});
