/**
 * DELETE of a stream: until it is appended to again, or for ever.
 */
import { prepareDelete } from "../../../commands/delete.ts";
import { parseStreamName } from "../../../event.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { checkRequireLeader, expectedVersion, hardDelete } from "../../request/headers.ts";

/** DELETE /streams/{stream} */
export async function answerDelete(
	{ context, req }: Exchange,
	target: { stream: string },
): Promise<Answer> {
	const name = parseStreamName(target.stream);
	const expected = expectedVersion(req);
	checkRequireLeader(req);
	const deletion = prepareDelete(name, expected, hardDelete(req));
	const { position } = await context.log.delete(deletion);
	const at = String(position);
	return {
		status: 204,
		reason: "Stream deleted",
		headers: ["ES-Position", at, "Kurrent-Position", at],
	};
}
