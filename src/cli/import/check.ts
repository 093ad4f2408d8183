/** Checks the lines of a whole log as the server would: for a dry run. */
import { decodeLine } from "../../../feeds/moving/decode.ts";
import type { MovedEvent } from "../../log/moving/moves.ts";
import { faultOfEvent } from "../../log/moving/rules.ts";
import { lineFailure } from "./event.ts";

/**
 * @returns a function that takes line after line
 * @throws Failure by that function
 */
export function checkExport(): (text: string, number: number) => void {
	let next = 0;
	return (text, number) => {
		const event = decodeLine(text);
		if (typeof event === "string") throw lineFailure(number, event);
		const isNext = event.position === next++;
		const fault = isNext ? faultOfEvent(event as MovedEvent) : `its position is not ${next - 1}`;
		if (fault !== undefined) throw lineFailure(number, fault);
	};
}
