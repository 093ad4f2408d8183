/** Questions in SQL as a screen asks them: bounded by what a person waits for, and can look at. */
import { neededFor } from "../../../access/rights.ts";
import { DEFAULT_SQL_LIMITS } from "../../../log/questions/question.ts";
import type { Visit } from "../../../screens.ts";
import type { Visitor } from "./visitor.ts";

const LIMITS = { ...DEFAULT_SQL_LIMITS, rowsMax: 200, bytesMax: 256 * 1024 };

export function askFor({ context, req, principal }: Visitor): Visit["ask"] {
	return async (question) => {
		await context.access.permit(principal, neededFor({ right: "export" }, { stream: "" }));
		const gone = new AbortController();
		const leave = () => gone.abort();
		req.socket.once("close", leave);
		try {
			return await context.questions.ask(question, LIMITS, gone.signal);
		} finally {
			req.socket.off("close", leave);
		}
	};
}
