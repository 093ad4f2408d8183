/** The members of a group: they join, stay, say how far they are, and leave. */
import { randomUUID } from "node:crypto";
import { BOOKKEEPING } from "../../../bookkeeping.ts";
import { Refusal } from "../../../errors.ts";
import { ALL, nameFault, parseUuid } from "../../../event.ts";
import type { Assignment } from "../../../groups/assignment.ts";
import { type Definition, parseGroupName } from "../../../groups/definition.ts";
import type { Group } from "../../../groups/group.ts";
import type { Held, Said } from "../../../groups/steps/step.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange, hold } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { type Document, readDocument, textIn } from "../../request/bodies/document.ts";
import { waitOf } from "../../request/waiting.ts";
import { memberUrl } from "../../urls.ts";
import { jsonAnswer, noContent, permitReader, wholeIn } from "./answer.ts";
import type { GroupTarget } from "./groups.ts";

type MemberTarget = GroupTarget & { readonly id: string };

/** Shown in lists; nobody reads longer ones. */
const NAME_BYTES_MAX = 128;

/** POST /groups/{group}/members */
export async function answerJoin(exchange: Exchange, target: GroupTarget): Promise<Answer> {
	const { context, req, principal } = exchange;
	const write = jsonAnswer(exchange, target.query);
	const base = baseOf(req, context.settings.publicUrl);
	const found = await groupFor(exchange, target);
	const { group } = found;
	const document = await documentIn(exchange);
	const id = idIn(textIn(document, "id"));
	const name = nameIn(textIn(document, "name"));
	const joined = group.members().find((member) => member.id === id);
	if (joined && joined.login !== principal.name) throw notTheirs();
	const assignment = await group.join({ id, name, login: principal.name });
	const location = memberUrl(base, group.name, id);
	return write(await shown(exchange, found, assignment), 201, ["Location", location]);
}

/** GET /groups/{group}/members/{id}[?after=&wait=]: what it has; it gets no more time by that. */
export async function answerMember(exchange: Exchange, target: MemberTarget): Promise<Answer> {
	const { context, req } = exchange;
	const write = jsonAnswer(exchange, target.query);
	const parameters = new URLSearchParams(target.query);
	const after = wholeIn(parameters, "after", -1, 0, Number.MAX_SAFE_INTEGER);
	const { ms } = waitOf(req, target.query, context.settings.longPollSecondsMax);
	const found = await memberFor(exchange, target);
	const { group, id } = found;
	if (ms > 0) {
		hold(exchange, ms);
		await group.changeOf(id, after, ms, clientGone(exchange));
	}
	return write(await shown(exchange, found, group.assignmentOf(id)));
}

/** POST /groups/{group}/members/{id}: it is alive, is so far, and gives these back. */
export async function answerRenewal(exchange: Exchange, target: MemberTarget): Promise<Answer> {
	const write = jsonAnswer(exchange, target.query);
	const found = await memberFor(exchange, target);
	const { group, definition, id } = found;
	const given = saidIn(await documentIn(exchange));
	const said = await notAhead(exchange, definition, group.name, given);
	const { lost, ...assignment } = await group.renew(id, said);
	if (lost.length > 0) {
		const partitions = [...new Set(lost)].sort((one, other) => one - other);
		throw new Refusal("partitions-lost", { group: group.name, member: id, partitions });
	}
	return write(await shown(exchange, found, assignment));
}

/** DELETE /groups/{group}/members/{id}: nobody is refused who is none any more. */
export async function answerLeave(exchange: Exchange, target: MemberTarget): Promise<Answer> {
	const { group, id } = await memberFor(exchange, target);
	group.leave(id);
	return noContent();
}

type Found = { readonly group: Group; readonly definition: Definition };

/** @throws Refusal `group-not-found`, `unauthorized`, also if a token is for other groups */
async function groupFor(exchange: Exchange, target: GroupTarget): Promise<Found> {
	const { context, principal } = exchange;
	const name = parseGroupName(target.group);
	const allowed = principal.scope?.consumerGroups;
	if (allowed !== undefined && !allowed.includes(name)) {
		throw new Refusal("unauthorized", { cause: "denied" });
	}
	const { definition } = await context.groups.require(name);
	await permitReader(exchange, definition.stream);
	return { group: await context.groups.get(name), definition };
}

/** Of another user's member, nobody else says anything. */
async function memberFor(
	exchange: Exchange,
	target: MemberTarget,
): Promise<Found & { readonly id: string }> {
	const found = await groupFor(exchange, target);
	const id = idIn(target.id);
	const member = found.group.members().find((one) => one.id === id);
	if (member && member.login !== exchange.principal.name) throw notTheirs();
	return { ...found, id };
}

function notTheirs(): Refusal {
	return new Refusal("unauthorized", { cause: "denied" });
}

/** No body at all says nothing. */
async function documentIn({ context, req }: Exchange): Promise<Document> {
	const { "content-length": length, "transfer-encoding": transfer } = req.headers;
	if ((length === undefined || length === "0") && transfer === undefined) return new Map();
	return readDocument(req, context.settings.bodyBytesMax);
}

function idIn(text: string | undefined): string {
	const id = text === undefined ? randomUUID() : parseUuid(text);
	if (id !== undefined) return id;
	throw invalid("The id of a member is a UUID, a new one each time that it joins.");
}

function nameIn(name = ""): string {
	const fault = name === "" ? undefined : nameFault(name, NAME_BYTES_MAX);
	if (fault === undefined) return name;
	throw invalid(`A member cannot have this name: ${fault}.`);
}

function saidIn(document: Document): Said {
	const checkpoints = listIn(document, "checkpoints").map((given) => ({
		...heldIn(given),
		at: numberIn(given, "at"),
	}));
	const released = listIn(document, "released").map(heldIn);
	return { checkpoints, released };
}

type Given = { readonly [member: string]: unknown };

function listIn(document: Document, name: string): readonly Given[] {
	const list = document.get(name) ?? [];
	const isList =
		Array.isArray(list) && list.every((one) => typeof one === "object" && one !== null);
	if (isList) return list;
	throw invalid(`${name} must be a list of objects.`);
}

function heldIn(given: Given): Held {
	return { partition: numberIn(given, "partition"), generation: numberIn(given, "generation") };
}

function numberIn(given: Given, name: string): number {
	const value = given[name];
	if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
	throw invalid(`${name} must be a whole number from 0.`);
}

/**
 * Of a stream that was deleted, a member has nothing left to handle, and nothing is kept.
 * @throws Refusal `reader-position-ahead`
 */
async function notAhead(
	{ context }: Exchange,
	{ stream }: Definition,
	name: string,
	said: Said,
): Promise<Said> {
	const { checkpoints } = said;
	if (checkpoints.length === 0) return said;
	const last = await context.lags.headOf(stream);
	if (last < 0) return { ...said, checkpoints: [] };
	const at = checkpoints.reduce((most, one) => Math.max(most, one.at), 0);
	if (at > last) throw new Refusal("reader-position-ahead", { name, stream, at, last });
	return said;
}

async function shown(
	{ context }: Exchange,
	{ group, definition }: Found,
	assignment: Assignment,
): Promise<object> {
	const { stream, filter, key, leaseMilliseconds } = definition;
	const { member, layout, end, held } = assignment;
	return {
		member: member.id,
		revision: member.revision,
		leaseMilliseconds,
		group: {
			name: group.name,
			stream,
			...(filter && { filter }),
			key,
			...layout,
			...(end === Infinity ? {} : { end }),
			head: await context.lags.headOf(stream),
			// What the server writes to keep places is no event of anybody.
			leftOut: stream === ALL ? BOOKKEEPING : [],
		},
		partitions: held.filter(({ isLeaving }) => !isLeaving).map(heldOf),
		leaving: held.filter(({ isLeaving }) => isLeaving).map(heldOf),
	};
}

function heldOf({ partition, generation, at, leftMs }: Assignment["held"][number]): object {
	return { partition, generation, at, leaseLeftMilliseconds: leftMs };
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-group", { reason });
}
