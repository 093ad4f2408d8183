/** Groups with partitions as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import { parseDefinition, parseGroupName } from "../../../../groups/definition.ts";
import { groupStanding, listGroups, type ShownGroups } from "../../../../groups/standing.ts";
import type { Context } from "../../../context.ts";
import { performTold, type Recording } from "../recording.ts";

export function groupsFor(context: Context, principal: Principal, record: Recording): ShownGroups {
	const { groups, access } = context;
	const consume = (stream: string) => neededFor({ right: "consume" }, { stream });
	// Neither right is one on a stream, so that they are known at once.
	const need = (right: Right) => {
		if (access.mayNow(principal, neededFor({ right }, { stream: "" }))) return;
		throw new Refusal("unauthorized", { cause: "denied" });
	};
	const told = <T>(what: string, about: string, group: string, perform: () => Promise<T>) =>
		performTold(record, { what, about, more: { group } }, perform);
	return {
		async list(part) {
			need("authenticated");
			return listGroups(context, (stream) => access.may(principal, consume(stream)), part);
		},
		async standing(name) {
			need("authenticated");
			const stored = await groups.require(name);
			await access.permit(principal, consume(stored.definition.stream));
			return groupStanding(context, stored);
		},
		async create(name, given) {
			need("operate");
			const definition = parseDefinition(given);
			const isNew = {
				holds: (tag: string | undefined) => tag === undefined,
				precondition: "the form, which makes a new one",
			};
			await told("group-defined", definition.stream, name, () =>
				groups.define(parseGroupName(name), definition, isNew),
			);
		},
		async change(name, partitions) {
			need("operate");
			const { definition } = await groups.require(parseGroupName(name));
			const given = new Map<string, unknown>(Object.entries({ ...definition, partitions }));
			await told("group-defined", definition.stream, name, () =>
				groups.define(name, parseDefinition(given), undefined),
			);
		},
		async reset(name, startFrom) {
			need("operate");
			const { stream } = (await groups.require(parseGroupName(name))).definition;
			await told("group-reset", stream, name, () => groups.reset(name, startFrom, undefined));
		},
		async remove(name) {
			need("operate");
			const { stream } = (await groups.require(parseGroupName(name))).definition;
			await told("group-deleted", stream, name, () => groups.remove(name, undefined));
		},
	};
}
