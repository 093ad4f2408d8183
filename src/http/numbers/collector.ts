/** Starts to send metrics and traces to the collector of the settings. */
import { Refusal } from "../../errors.ts";
import type { OperatorLog } from "../../observe/operator-log.ts";
import { type Otlp, startOtlp } from "../../observe/otlp/otlp.ts";
import type { Context } from "../context.ts";
import { metricsOf } from "./metrics.ts";

/**
 * @param version of the server
 * @returns undefined if the settings name no collector
 * @throws Refusal `invalid-option` if the packages it takes are not installed
 */
export async function startOtlpOf(
	context: Context,
	version: string,
	operatorLog: OperatorLog,
): Promise<Otlp | undefined> {
	const { otlpEndpoint: endpoint, otlpTracePercent: tracePercent } = context.settings;
	if (endpoint === undefined) return undefined;
	const metrics = () => metricsOf(context, version);
	try {
		return await startOtlp({ endpoint, tracePercent, version, metrics }, operatorLog);
	} catch (error) {
		if (!isMissing(error)) throw error;
		const reason =
			"the packages of OpenTelemetry are not installed; npm install adds them, unless it omits " +
			"optional packages";
		throw new Refusal("invalid-option", { option: "--otlp-endpoint", value: endpoint, reason });
	}
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
