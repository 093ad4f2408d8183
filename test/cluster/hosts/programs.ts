/** Which programs a cluster is made of, and what is missing of them. */
import { spawnSync } from "node:child_process";
import { POSTGRES_BIN } from "../../log/postgres/server.ts";
import { lacksDisks } from "./disk.ts";
import { lacksNetworks } from "./network.ts";

const PROGRAMS = ["patroni", "etcd", "haproxy", "nginx", "ip", "bridge", "setpriv", "mkfs.ext4"];

/** Why no cluster can be started; undefined if it can. */
export function lacksPrograms(): string | undefined {
	const missing = PROGRAMS.filter((name) => spawnSync("which", [name]).status !== 0);
	if (POSTGRES_BIN === undefined) missing.push("postgresql");
	if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
	return lacksNetworks() ?? lacksDisks();
}
