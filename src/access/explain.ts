/** Who may do what on a stream, and why: for people who wonder. */
import { isRefusal } from "../errors.ts";
import type { StreamName } from "../event.ts";
import type { Log } from "../log/log.ts";
import { metadataStream } from "../retention/window.ts";
import {
	aclOfMetadata,
	type DefaultAcls,
	defaultsOf,
	effectiveAcl,
	NO_DEFAULTS,
	type Operation,
	type WrittenAcl,
} from "./acl.ts";
import { SETTINGS } from "./acls.ts";

export type Allowed = {
	readonly operation: Operation;
	/** Users and groups; `$all` is everyone. Admins may everything besides. */
	readonly roles: readonly string[];
	/** What says so: the stream's own `$acl`, `$settings`, or neither. */
	readonly because: "acl" | "settings" | "built-in";
};

const OPERATIONS: readonly Operation[] = ["$r", "$w", "$d", "$mr", "$mw"];
const NEWEST = { from: "head", limit: 1, direction: "backward", content: true } as const;

/** @param isAllOpen as in `effectiveAcl` */
export async function explainAcl(
	log: Log,
	stream: StreamName,
	isAllOpen: boolean,
): Promise<readonly Allowed[]> {
	const written = await read<WrittenAcl>(log, metadataStream(stream), aclOfMetadata, {});
	const defaults = await read<DefaultAcls>(log, SETTINGS, defaultsOf, NO_DEFAULTS);
	const acl = effectiveAcl(stream, written, defaults, isAllOpen);
	const general = stream.startsWith("$") ? defaults.system : defaults.user;
	return OPERATIONS.map((operation) => {
		const because = operation in written ? "acl" : operation in general ? "settings" : "built-in";
		return { operation, roles: acl[operation], because };
	});
}

async function read<T>(
	log: Log,
	stream: StreamName,
	parse: (data: Uint8Array) => T,
	none: T,
): Promise<T> {
	try {
		const [newest] = (await log.read({ stream, ...NEWEST })).entries;
		return newest === undefined ? none : parse(newest.event.data);
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return none;
		throw error;
	}
}
