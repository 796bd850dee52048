/** Small charts of equal scale beside each other, one an area: easier to compare than lines upon lines. */
import { base, bars, type ChartOption } from "./chart";

const [ACROSS, HIGH, HEAD] = [3, 92, 22];
const rowsOf = (count: number): number => Math.ceil(count / ACROSS);
export const multiplesHeight = (count: number): number => rowsOf(count) * HIGH + 4;

export function multiples(areas: { name: string; data: number[] }[], names: string[], size: number): ChartOption {
  const highest = Math.max(1, ...areas.flatMap((one) => one.data));
  const left = (at: number): string => `${(at % ACROSS) * (100 / ACROSS) + 2}%`;
  const top = (at: number): number => Math.floor(at / ACROSS) * HIGH;
  return {
    ...base(size),
    title: areas.map((one, at) => ({ text: one.name, left: left(at), top: top(at) + 2, textStyle: { fontSize: size, fontWeight: "normal" as const } })),
    grid: areas.map((_, at) => ({ left: left(at), top: top(at) + HEAD, width: `${100 / ACROSS - 4}%`, height: HIGH - HEAD - 10 })),
    xAxis: areas.map((_, at) => ({ type: "category" as const, gridIndex: at, data: names, axisLabel: { show: false }, axisTick: { show: false }, axisLine: { lineStyle: { color: "#9aa89f" } } })),
    yAxis: areas.map((_, at) => ({ type: "value" as const, gridIndex: at, min: 0, max: highest, interval: highest, axisLabel: { fontSize: size - 2, color: "#5d6963", inside: true, showMinLabel: false, verticalAlign: "top" as const }, splitLine: { lineStyle: { color: "#edf0ed" } } })),
    series: areas.map((one, at) => ({ ...bars(one.name, one.data), xAxisIndex: at, yAxisIndex: at })),
  };
}
