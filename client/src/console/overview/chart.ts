/** ECharts with only what the overview draws, in the tokens of the console. Loaded with the charts alone. */
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import type { BarSeriesOption, LineSeriesOption } from "echarts/charts";
import type { GridComponentOption, LegendComponentOption, TitleComponentOption, TooltipComponentOption } from "echarts/components";
import { SVGRenderer } from "echarts/renderers";

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, TooltipComponent, SVGRenderer]);

export { init };
export type ChartOption = ComposeOption<BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TitleComponentOption | TooltipComponentOption>;

const [INK, QUIET, LINE] = ["#1d2521", "#5d6963", "#dfe4e0"];
/** Told apart without colour too: each line has its own mark and dashes (blue, orange and grey are so for every eye). */
export const HUES = ["#1e5aa8", "#b26a00", "#5d6963"] as const;
const MARKS = ["circle", "triangle", "rect"] as const;
const DASHES = ["solid", "dashed", "dotted"] as const;

const text = (size: number) => ({ color: QUIET, fontSize: size });
export const categories = (names: string[], size: number) => ({ type: "category" as const, data: names, axisLabel: { ...text(size), hideOverlap: true }, axisTick: { show: false }, axisLine: { lineStyle: { color: LINE } } });
export const numbers = (size: number, name = "", max?: number) => ({ type: "value" as const, name, nameTextStyle: { ...text(size), align: "left" as const }, min: 0, max, minInterval: max === 100 ? 25 : 1, axisLabel: text(size), splitLine: { lineStyle: { color: LINE } } });

/** What every chart shares. The words beside the pointer are drawn, not HTML. */
export const base = (size: number): ChartOption => ({
  animationDuration: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
  textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: size, color: INK },
  tooltip: { trigger: "axis", renderMode: "richText", textStyle: { fontSize: size, color: INK }, backgroundColor: "#ffffff", borderColor: LINE },
  grid: { left: 8, right: 12, top: 30, bottom: 4, containLabel: true },
});

export const bars = (name: string, data: number[], hue = 0): BarSeriesOption => ({ type: "bar", name, data, barMaxWidth: 26, itemStyle: { color: HUES[hue], decal: { symbol: "none" } } });
export const line = (name: string, data: number[], hue = 0): LineSeriesOption => ({ type: "line", name, data, symbol: MARKS[hue], symbolSize: 7, showSymbol: true, lineStyle: { color: HUES[hue], width: 2, type: DASHES[hue] }, itemStyle: { color: HUES[hue] } });
