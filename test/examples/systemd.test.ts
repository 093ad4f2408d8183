/** The unit for systemd: systemd itself takes it, and the server takes its settings. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "../../src/config.ts";
import { ROOT } from "../structure/source.ts";

const FOLDER = join(ROOT, "examples/systemd");
const unit = readFileSync(join(FOLDER, "varve.service"), "utf8");

const directory = mkdtempSync(join(tmpdir(), "varve-systemd-"));
afterAll(() => rmSync(directory, { recursive: true }));

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!hasSystemd) console.warn("SKIPPED: the unit for systemd, systemd-analyze is not installed");

/** On a machine where Varve is not installed, its program is somewhere else. */
function analyze(...args: string[]) {
	const file = join(directory, "varve.service");
	writeFileSync(file, unit.replace("/usr/local/bin/varve", join(ROOT, "bin/varve")));
	return spawnSync("systemd-analyze", [...args, file], { encoding: "utf8" });
}

(hasSystemd ? test : test.skip)("systemd finds nothing wrong in the unit", () => {
	const { status, stdout, stderr } = analyze("verify", "--man=no");
	expect([status, `${stdout}${stderr}`]).toEqual([0, ""]);
});

(hasSystemd ? test : test.skip)("systemd calls the unit's exposure OK", () => {
	const { stdout } = analyze("security", "--offline=yes", "--threshold=30", "--no-pager");
	const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
	expect(Number(exposure)).toBeLessThan(3);
});

test("the server takes the settings of its file", () => {
	const settings = parseSettings(["--config", join(FOLDER, "varve.json")], {});
	expect(settings).toMatchObject({ data: "/var/lib/varve", logFormat: "json" });
	expect(unit).toContain("\nStateDirectory=varve\n");
});

test("the unit gives the server the time and the files that it needs", () => {
	const of = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, "m").exec(unit)?.[1]);
	expect(of("TimeoutStopSec")).toBeGreaterThan(15);
	expect(of("LimitNOFILE")).toBeGreaterThan(parseSettings([], {}).connectionsMax + 100);
});
