/** Reader positions as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import type { ShownPositions } from "../../../../positions/shown.ts";
import { listPositions } from "../../../../positions/standing.ts";
import type { Context } from "../../../context.ts";
import { performTold, type Recording } from "../recording.ts";

export function positionsFor(
	context: Context,
	principal: Principal,
	record: Recording,
): ShownPositions {
	const { positions, access } = context;
	const consume = (stream: string) => neededFor({ right: "consume" }, { stream });
	const need = () => {
		const known = neededFor({ right: "authenticated" }, { stream: "" });
		if (!access.mayNow(principal, known)) throw new Refusal("unauthorized", { cause: "denied" });
	};
	return {
		async list(part) {
			need();
			return listPositions(context, (stream) => access.may(principal, consume(stream)), part);
		},
		async remove(name) {
			need();
			const { stream } = await positions.get(name);
			await access.permit(principal, consume(stream));
			const by = { login: principal.name, mayAll: principal.isOperator };
			const told = { what: "position-deleted", about: name };
			await performTold(record, told, () => positions.remove(name, by));
		},
	};
}
