/** What every page needs once: who is signed in, the site, the metric catalogue. */
import { type Api, ApiError } from "../api/client.ts";
import type { Me, SiteInfo } from "../api/types.ts";
import { knowMetrics, type Metrics } from "../words/metrics.ts";

export interface SharedData {
  me: Me | undefined;
  site: SiteInfo | undefined;
  metrics: Metrics;
}

export const nothingYet: SharedData = { me: undefined, site: undefined, metrics: new Map() };

/** Undefined where nobody is signed in. */
export async function loadShared(api: Api): Promise<SharedData | undefined> {
  try {
    const [me, site, metrics] = await Promise.all([api.me(), api.site(), api.metrics()]);
    const catalogue: Metrics = new Map(metrics.map((each) => [each.name, each]));
    knowMetrics(catalogue);
    return { me, site, metrics: catalogue };
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return undefined;
    throw error;
  }
}
