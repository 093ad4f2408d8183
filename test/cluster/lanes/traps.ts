/** The traps of synchronous replication, each in a log of its own on one cluster. */
import { randomUUID } from "node:crypto";
import type { Cluster } from "../hosts/cluster.ts";
import type { Host } from "../hosts/network.ts";
import { until } from "../hosts/until.ts";
import { appendOne, appendSome, idsOf, type Told } from "./events.ts";

export type Trap = (cluster: Cluster) => Promise<void>;

const STREAM = "order-1";
/** A waiting append is one that was not answered for so long. */
const WAITS_MS = 3000;

/** By the sentence that it proves. */
export const TRAPS: Readonly<Record<string, Trap>> = {
	"a commit whose wait for the standby was cancelled is never acknowledged, and lost by a fail-over":
		cancelledWait,
	"without strict mode, appends are acknowledged from one machine; with it, they wait": notStrict,
	"what a primary that recovers in place has alone, no node shows or acknowledges":
		recoveredInPlace,
	"of two primaries for a moment, only the one with the standby acknowledges": twoPrimaries,
};

/** An administrator ends the wait with pg_cancel_backend; then the primary dies. */
async function cancelledWait(cluster: Cluster): Promise<void> {
	const { database, front } = cluster;
	const schema = await cluster.begin();
	const kept = await appendSome(front.url, STREAM, 5);
	const { primary, standbys } = await roles(cluster);
	cutAll(cluster, primary, standbys);
	const id = randomUUID();
	const sent = appendOne(front.url, STREAM, id);
	await until("the commit waits for the standby", () => isWaiting(cluster, primary));
	await database.sql(CANCEL, "postgres", primary);
	expectTold(await sent, "request-timeout");
	database.cutPower(primary);
	await until("a standby is primary", async () => standbys.includes(await database.primary()));
	// Not before: the kernel goes on to send what a killed process has left.
	for (const standby of standbys) cluster.network.mend(primary, standby);
	database.startHost(primary);
	await database.whole();
	await goOnWith(cluster, schema, kept, id);
}

async function notStrict(cluster: Cluster): Promise<void> {
	const { database, front } = cluster;
	await cluster.begin();
	await appendSome(front.url, STREAM, 5);
	const { standbys } = await roles(cluster);
	for (const standby of standbys) database.cutPower(standby);
	await stillWaits(appendOne(front.url, STREAM, randomUUID()));
	for (const standby of standbys) database.startHost(standby);
	await database.whole();
	// Patroni falls back when it loses the standby, and not if it learns later that it may.
	await database.configure({ synchronous_mode_strict: false });
	try {
		for (const standby of standbys) database.cutPower(standby);
		await until("appends are acknowledged from one machine", async () => {
			return (await appendOne(front.url, STREAM, randomUUID())).status === 201;
		});
	} finally {
		for (const standby of standbys) database.startHost(standby);
		await database.configure({ synchronous_mode_strict: true });
	}
	await database.whole();
	await cluster.nodes.stop();
}

/** PostgreSQL is killed and starts again on the same host, as with a long primary_start_timeout. */
async function recoveredInPlace(cluster: Cluster): Promise<void> {
	const { database, front, network, nodes } = cluster;
	const schema = await cluster.begin();
	const kept = await appendSome(front.url, STREAM, 5);
	await database.configure({ primary_start_timeout: 300 });
	try {
		const { primary, standbys } = await roles(cluster);
		cutAll(cluster, primary, standbys);
		const id = randomUUID();
		const sent = appendOne(front.url, STREAM, id);
		await until("the commit waits for the standby", () => isWaiting(cluster, primary));
		primary.signal("SIGKILL", database.postgresOf(primary));
		if ((await sent).status === 201) throw new Error("it was acknowledged without a standby");
		await until("the primary has recovered, and shows the commit", async () => {
			const text = `SELECT next::int FROM ${schema}.store`;
			const [row] = await database.sql(text, "varve", primary);
			return Number(row?.next) === kept.length + 1;
		});
		await refusesToShow(cluster, id);
		const again = appendOne(front.url, STREAM, id);
		await stillWaits(again);
		for (const standby of standbys) network.mend(primary, standby);
		await database.whole();
		await until("the repeat is acknowledged, once a standby has it", async () => {
			const { status, repeated } = await appendOne(front.url, STREAM, id);
			return status === 201 && repeated;
		});
	} finally {
		await database.configure({ primary_start_timeout: 0 });
	}
	await nodes.stop();
}

/** Patroni hangs on the primary, whose PostgreSQL goes on while another host takes over. */
async function twoPrimaries(cluster: Cluster): Promise<void> {
	const { database, nodes, front } = cluster;
	await cluster.begin();
	const ids = await appendSome(front.url, STREAM, 5);
	const { primary } = await roles(cluster);
	const postgres = database.postgresOf(primary);
	const patroni = primary.pids().filter((pid) => !postgres.includes(pid));
	primary.signal("SIGSTOP", patroni);
	let wereTwo = false;
	await until("another host is primary", async () => {
		const other = await database.primary();
		if (other === primary) return false;
		const answers = await Promise.all([primary, other].map((host) => isPrimary(cluster, host)));
		wereTwo = answers.every((is) => is);
		return true;
	});
	if (!wereTwo) throw new Error("there were never two primaries");
	for (let written = 0; written < 10; ) {
		const id = randomUUID();
		const { status } = await appendOne(front.url, STREAM, id);
		if (status === 201) {
			ids.push(id);
			written++;
		}
	}
	primary.signal("SIGCONT", patroni);
	await database.whole();
	await nodes.ready();
	const found = await idsOf(front.url);
	const missing = ids.filter((id) => !found.includes(id));
	if (missing.length > 0) throw new Error(`${missing.length} acknowledged events are missing`);
	await nodes.stop();
}

const CANCEL = `
	SELECT pg_cancel_backend(pid) FROM pg_stat_activity
	WHERE wait_event = 'SyncRep' AND application_name LIKE 'varve%'`;

async function roles({ database }: Cluster): Promise<{ primary: Host; standbys: Host[] }> {
	// Longer than a trap takes: Patroni must not take the standby off its list meanwhile.
	await database.configure({ postgresql: { parameters: { wal_sender_timeout: "120s" } } });
	await database.whole();
	const primary = await database.primary();
	return { primary, standbys: database.hosts.filter((host) => host !== primary) };
}

async function isWaiting({ database }: Cluster, primary: Host): Promise<boolean> {
	const text = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
	const [row] = await database.sql(text, "postgres", primary);
	return Number(row?.n) > 0;
}

/** What is on its way to a host that was only stopped arrives when it goes on; this never does. */
function cutAll({ network }: Cluster, primary: Host, standbys: readonly Host[]): void {
	for (const standby of standbys) network.cut(primary, standby);
}

async function isPrimary({ database }: Cluster, host: Host): Promise<boolean> {
	const text = "SELECT NOT pg_is_in_recovery() AS is_primary";
	const [row] = await database.sql(text, "postgres", host);
	return row?.is_primary === true;
}

/**
 * The nodes that showed what is lost refuse to go on without it; an operator gives the history
 * another number, and a repeat of the append that was never acknowledged writes it once.
 */
async function goOnWith(
	cluster: Cluster,
	schema: string,
	kept: readonly string[],
	id: string,
): Promise<void> {
	const { nodes, front, database } = cluster;
	const [row] = await database.sql(`SELECT next::int FROM ${schema}.store`, "varve");
	if (Number(row?.next) !== kept.length) throw new Error(`${row?.next} events were kept`);
	const answers = nodes.hosts.map(async ({ address }) => {
		return appendOne(`http://${address}:2113`, "probe", randomUUID());
	});
	const statuses = (await Promise.all(answers)).map(({ status }) => status);
	const saw = nodes.hosts.filter((host) => /another history/.test(nodes.logOf(host)));
	if (saw.length > 0) {
		await nodes.stop();
		nodes.raise(nodes.hosts[0] as Host);
		for (const host of nodes.hosts) nodes.startNode(host);
		await nodes.ready();
		await front.ready();
	} else if (!statuses.includes(201)) throw new Error(`no node goes on: ${statuses}`);
	const again = await appendOne(front.url, STREAM, id);
	if (again.status !== 201 || again.repeated) {
		throw new Error(`the repeat was answered ${again.status}, as repeated: ${again.repeated}`);
	}
	const found = (await idsOf(front.url)).filter((one) => one === id);
	if (found.length !== 1) throw new Error(`the event is there ${found.length} times`);
	await nodes.stop();
}

function expectTold(told: Told, word: string): void {
	if (told.word !== word)
		throw new Error(`the answer was ${told.status} ${told.word}, not ${word}`);
}

/** Each node, until it has said that no standby has what it is asked for. */
async function refusesToShow({ nodes }: Cluster, id: string): Promise<void> {
	for (const { address } of nodes.hosts) {
		const path = `http://${address}:2113/streams/${STREAM}`;
		await until("the node refuses to show what no standby has", async () => {
			const answer = await fetch(path, { headers: { Accept: "application/json" } });
			const text = await answer.text();
			if (text.includes(id)) throw new Error("it is shown, and no standby has it");
			return text.includes("no-standby");
		});
	}
}

async function stillWaits(sent: Promise<Told>): Promise<void> {
	const later = new Promise<undefined>((resolve) => setTimeout(resolve, WAITS_MS, undefined));
	const told = await Promise.race([sent, later]);
	if (told?.status === 201) throw new Error("it was acknowledged without a standby");
}
