/** Consumer groups with partitions: made, changed, deleted, and how they stand. */
import { parseDefinition, parseGroupName, parseReset } from "../../../groups/definition.ts";
import { groupTag } from "../../../groups/groups.ts";
import { type GroupStanding, groupStanding, listGroups } from "../../../groups/standing.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { tagCondition } from "../../conditions/tags.ts";
import { baseOf } from "../../request/base.ts";
import { readDocument } from "../../request/bodies/document.ts";
import { groupUrl } from "../../urls.ts";
import { answerList, jsonAnswer, noContent, permitReader } from "./answer.ts";

export type GroupTarget = { readonly group: string; readonly query: string };

/** GET /groups[?offset=&count=]: those of streams that the client may read. */
export function answerGroups(
	exchange: Exchange,
	{ query }: { readonly query: string },
): Promise<Answer> {
	return answerList(
		exchange,
		query,
		(may, part) => listGroups(exchange.context, may, part),
		(standings) => ({ groups: standings.map(summaryOf) }),
	);
}

/** GET /groups/{group} */
export async function answerGroup(exchange: Exchange, target: GroupTarget): Promise<Answer> {
	const { context } = exchange;
	const write = jsonAnswer(exchange, target.query);
	const stored = await context.groups.require(parseGroupName(target.group));
	await permitReader(exchange, stored.definition.stream);
	const standing = await groupStanding(context, stored);
	return write(detailOf(standing), 200, ["ETag", groupTag(stored)]);
}

/** PUT /groups/{group} */
export async function answerGroupDefine(exchange: Exchange, target: GroupTarget): Promise<Answer> {
	const { context, req } = exchange;
	const write = jsonAnswer(exchange, target.query);
	const name = parseGroupName(target.group);
	const expected = tagCondition(req);
	const base = baseOf(req, context.settings.publicUrl);
	const document = await readDocument(req, context.settings.bodyBytesMax);
	const definition = parseDefinition(document);
	const { stored, isNew } = await context.groups.define(name, definition, expected);
	const headers = ["ETag", groupTag(stored)];
	if (isNew) headers.push("Location", groupUrl(base, name));
	const standing = await groupStanding(context, stored);
	const answer = write(detailOf(standing), isNew ? 201 : 200, headers);
	return { ...answer, about: definition.stream };
}

/** POST /groups/{group}/reset */
export async function answerGroupReset(exchange: Exchange, target: GroupTarget): Promise<Answer> {
	const { context, req } = exchange;
	const write = jsonAnswer(exchange, target.query);
	const name = parseGroupName(target.group);
	const expected = tagCondition(req);
	const startFrom = parseReset(await readDocument(req, context.settings.bodyBytesMax));
	const stored = await context.groups.reset(name, startFrom, expected);
	const standing = await groupStanding(context, stored);
	const answer = write(detailOf(standing), 200, ["ETag", groupTag(stored)]);
	return { ...answer, about: stored.definition.stream };
}

/** DELETE /groups/{group} */
export async function answerGroupDelete(
	exchange: Exchange,
	{ group }: GroupTarget,
): Promise<Answer> {
	const { groups } = exchange.context;
	const name = parseGroupName(group);
	const { stream } = (await groups.require(name)).definition;
	await groups.remove(name, tagCondition(exchange.req));
	return { ...noContent(), about: stream };
}

function summaryOf({ group, at, lag, members, partitions }: GroupStanding): object {
	const { name, definition, layout, next } = group;
	const { stream, filter, key, leaseMilliseconds } = definition;
	return {
		name,
		stream,
		...(filter && { filter }),
		key,
		partitions: layout.partitions,
		...(next && { nextPartitions: next.partitions, nextFrom: next.from }),
		leaseMilliseconds,
		members: members.length,
		unowned: partitions.filter(({ member }) => member === undefined).length,
		at,
		lagEvents: lag.events,
		lagSeconds: lag.seconds,
	};
}

function detailOf(standing: GroupStanding): object {
	const { members, partitions } = standing;
	return {
		...summaryOf(standing),
		members: members.map(({ name, login, partitions: has, leftMs }) => ({
			name,
			login,
			partitions: has,
			leaseLeftMilliseconds: leftMs,
		})),
		checkpoints: partitions.map(({ isLeaving, generation, member, ...rest }) => ({
			...rest,
			...(member === undefined ? {} : { member, generation, isLeaving }),
		})),
	};
}
