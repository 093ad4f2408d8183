/**
 * What a browser opens besides screens is content of clients: a feed, an event in the form it was
 * sent. It must not run as a page of this origin, which could send forms and write as the server's
 * own pages do. So it is shown in a sandbox, and as the type it has.
 */
import type { Answer } from "../answer.ts";

const POLICY = "Content-Security-Policy";
const SANDBOX = [POLICY, "sandbox; default-src 'none'", "X-Content-Type-Options", "nosniff"];

/** @param answer to a client that lists HTML */
export function guarded(answer: Answer | Promise<Answer>): Answer | Promise<Answer> {
	return answer instanceof Promise ? answer.then(withGuard) : withGuard(answer);
}

/** A screen has a policy of its own. */
function withGuard(answer: Answer): Answer {
	if (answer.headers.includes(POLICY)) return answer;
	return { ...answer, headers: [...answer.headers, ...SANDBOX] };
}
