/**
 * GET /gossip: the cluster, for clients that ask any node where the leader is (contract 10.3). It
 * has one member, this server, at the address by which the client reached it.
 *
 * The names are those of two ages: clients up to version 5 look for `externalHttpIp`, later ones
 * for `httpEndPointIp`. With `--info-state master` only the first are there: a client of that age
 * may refuse a member that has names it does not know. There is no TCP, so its ports are 0.
 * Positions are left out: whoever may ask for this need not know how many events there are.
 */
import { randomUUID } from "node:crypto";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { baseOf } from "../request/base.ts";
import { CONTRACT_VERSION } from "./status.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** Of this process: another one after each start. */
const INSTANCE = randomUUID();

/** @throws Refusal `malformed-host`, `malformed-header` */
export function answerGossip({ context, req }: Exchange): Answer {
	const { publicUrl, infoState } = context.settings;
	const { hostname, port, protocol } = new URL(baseOf(req, publicUrl));
	const ip = hostname.replace(/^\[|\]$/g, "");
	const httpPort = Number(port) || (protocol === "https:" ? 443 : 80);
	const isOld = infoState === "master";
	const member = {
		instanceId: INSTANCE,
		timeStamp: new Date().toISOString(),
		state: isOld ? "Master" : "Leader",
		isAlive: true,
		...addressesOf(ip, httpPort),
		nodePriority: 0,
		...(isOld ? {} : laterFields(ip, httpPort)),
	};
	const body = { members: [member], serverIp: ip, serverPort: httpPort };
	return textAnswer(200, JSON_TYPE, JSON.stringify(body), ["Cache-Control", "no-store"]);
}

function addressesOf(ip: string, httpPort: number): { readonly [name: string]: string | number } {
	return {
		internalTcpIp: ip,
		internalTcpPort: 0,
		internalSecureTcpPort: 0,
		externalTcpIp: ip,
		externalTcpPort: 0,
		externalSecureTcpPort: 0,
		internalHttpIp: ip,
		internalHttpPort: httpPort,
		externalHttpIp: ip,
		externalHttpPort: httpPort,
	};
}

/** What members have since version 20. */
function laterFields(ip: string, httpPort: number): object {
	return {
		internalHttpEndPointIp: ip,
		internalHttpEndPointPort: httpPort,
		httpEndPointIp: ip,
		httpEndPointPort: httpPort,
		isReadOnlyReplica: false,
		esVersion: CONTRACT_VERSION,
	};
}
