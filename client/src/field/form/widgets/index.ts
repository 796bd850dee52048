/** Widget name → component; a note is drawn by its label alone. */
import type { Component } from "vue";
import type { Widget } from "../widget";
import CodeWidget from "./CodeWidget.vue";
import DateWidget from "./DateWidget.vue";
import DrawingWidget from "./DrawingWidget.vue";
import FileWidget from "./FileWidget.vue";
import GeopointWidget from "./GeopointWidget.vue";
import NotDrawn from "./NotDrawn.vue";
import NoteWidget from "./NoteWidget.vue";
import NumberWidget from "./NumberWidget.vue";
import PhotoWidget from "./PhotoWidget.vue";
import RangeWidget from "./RangeWidget.vue";
import RankWidget from "./RankWidget.vue";
import SelectWidget from "./SelectWidget.vue";
import TextWidget from "./TextWidget.vue";
import TriggerWidget from "./TriggerWidget.vue";

export const COMPONENTS: Record<Widget, Component> = {
  text: TextWidget, code: CodeWidget, number: NumberWidget, date: DateWidget, select: SelectWidget, rank: RankWidget, range: RangeWidget,
  trigger: TriggerWidget, geopoint: GeopointWidget, photo: PhotoWidget, drawing: DrawingWidget, file: FileWidget,
  note: NoteWidget, not_drawn: NotDrawn,
};
