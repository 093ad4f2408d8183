/** Projections as the screens see them, for one visitor. */
import type { Principal } from "../../../../access/principal.ts";
import { neededFor, type Right } from "../../../../access/rights.ts";
import { Refusal } from "../../../../errors.ts";
import { pageOfPartitions } from "../../../../projections/asking/partitions.ts";
import { debug } from "../../../../projections/asking/steps.ts";
import { parseProjectionName, resultStream } from "../../../../projections/names.ts";
import type { Projection } from "../../../../projections/projection.ts";
import { DEFAULTS } from "../../../../projections/settings.ts";
import type { ProjectionCommand, ShownProjections } from "../../../../projections/shown.ts";
import { systemProjection } from "../../../../projections/system.ts";
import type { Context } from "../../../context.ts";
import { authorFor, isAuthor } from "../../../request/author.ts";
import type { Recording } from "../recording.ts";

/** A page waits for no longer. */
const DEBUG_MS = 10_000;
const TOLD: Readonly<Record<ProjectionCommand, string>> = {
	enable: "projection-enabled",
	disable: "projection-disabled",
	reset: "projection-reset",
	delete: "projection-deleted",
};

export function projectionsFor(
	context: Context,
	principal: Principal,
	record: Recording,
): ShownProjections {
	const { projections, access } = context;
	// Neither right is one on a stream, so that they are known at once.
	const may = (right: Right) => access.mayNow(principal, neededFor({ right }, { stream: "" }));
	const need = (right: Right) => {
		if (!may(right)) throw new Refusal("unauthorized", { cause: "denied" });
	};
	const mayChange = ({ definition: { mode, author } }: Projection) =>
		may("operate") || (mode === "Transient" && isAuthor(principal, author));
	const needChange = async (name: string) => {
		need("authenticated");
		if (systemProjection(name) ? may("operate") : mayChange(await projections.get(name))) return;
		throw new Refusal("unauthorized", { cause: "denied" });
	};
	const looked = async (name: string) => {
		need("authenticated");
		const projection = await projections.get(name);
		const stream = resultStream(name, "");
		if (principal.scope === undefined && isAuthor(principal, projection.definition.author)) {
			return projection;
		}
		await access.permit(principal, neededFor({ right: "read" }, { stream }));
		return projection;
	};
	return {
		async list() {
			need("authenticated");
			return projections.standings();
		},
		async details(name) {
			need("authenticated");
			const standing = await projections.standing(name);
			const system = systemProjection(name);
			if (system) {
				const { query } = system;
				return { standing, query, settings: undefined, mayChange: may("operate") };
			}
			const projection = await projections.get(name);
			const { query, settings } = projection.definition;
			return { standing, query, settings, mayChange: mayChange(projection) };
		},
		async create({ name, mode, query, emits }) {
			need(mode === "Transient" ? "authenticated" : "operate");
			const made = await projections.create({
				name: name === "" && mode !== "Continuous" ? undefined : parseProjectionName(name),
				mode,
				query,
				isEnabled: true,
				settings: { ...DEFAULTS, emitEnabled: emits && mode !== "Transient" },
				author: authorFor(principal),
			});
			if (mode !== "Transient") await record("projection-created", made);
			return made;
		},
		async update(name, query) {
			await needChange(name);
			const author = authorFor(principal);
			await projections.update(name, (before) => {
				return { ...before, query, author, version: before.version + 1 };
			});
			await record("projection-changed", name);
		},
		async command(name, command) {
			await needChange(name);
			if (command === "enable") await projections.enable(name);
			else if (command === "disable") await projections.disable(name, true);
			else if (command === "reset") await projections.reset(name);
			else await projections.delete(name, { state: false, checkpoint: true, emitted: false });
			await record(TOLD[command], name);
		},
		async partitions(name, asked) {
			const projection = await looked(name);
			return pageOfPartitions(await projection.keptNow(), asked);
		},
		async steps(name, from, count) {
			const { definition } = await looked(name);
			const { own, around } = projections;
			const parts = { own, scripts: around.scripts, rights: around.rights };
			// Single events are for those who may read them.
			const asked = { ...definition, author: authorFor(principal) };
			return debug(parts, asked, { from, count }, AbortSignal.timeout(DEBUG_MS));
		},
	};
}
