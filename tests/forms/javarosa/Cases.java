import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.javarosa.core.model.*;
import org.javarosa.core.model.data.*;
import org.javarosa.core.model.instance.*;
import org.javarosa.core.reference.*;
import org.javarosa.form.api.*;
import org.javarosa.model.xform.*;
import org.javarosa.xform.parse.XFormParser;

/**
 * The engine of ODK Collect as a long-lived oracle. Reads one JSON object a line, writes one a line:
 *
 * {"form": path, "folder": of the lists, "instance": XML or absent, "answers": [["/data/x", "1"], …],
 *  "repeats": {path: rows}, "values": [paths], "relevant": [paths], "save": bool}
 * → {"values": {path: text}, "relevant": {path: bool}, "violations": [{"path", "kind"}],
 *    "refused": [{"path", "why"}], "failure": null, "xml"} or {"failure": text}
 *
 * An answer goes to its question as a person would give it (also if a constraint refuses it: the person insists, and
 * the violation shows). Rows of counted repeats appear as they do in Collect; `repeats` are added by hand.
 */
public class Cases {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static Path folder;
    private static boolean registered;

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
        System.setOut(System.err);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) out.println(answer(line));
    }

    private static String answer(String line) throws Exception {
        try {
            return JSON.writeValueAsString(new Cases(JSON.readTree(line)).run());
        } catch (Throwable error) {
            StringWriter trace = new StringWriter();
            error.printStackTrace(new PrintWriter(trace));
            return JSON.writeValueAsString(JSON.createObjectNode().put("failure", trace.toString()));
        }
    }

    private final JsonNode asked;
    private final ObjectNode told = JSON.createObjectNode();
    private final FormDef form;
    private final FormEntryController controller;

    private Cases(JsonNode asked) throws Exception {
        this.asked = asked;
        folder = Paths.get(asked.get("folder").asText());
        if (!registered) {
            ReferenceManager.instance().addReferenceFactory(new Folder());
            new XFormsModule().registerModule();
            registered = true;
        }
        Reader source = new InputStreamReader(new FileInputStream(asked.get("form").asText()), StandardCharsets.UTF_8);
        boolean isNew = !asked.hasNonNull("instance");
        XFormParser parser = isNew ? new XFormParser(source) : new XFormParser(source, new StringReader(asked.get("instance").asText()));
        form = parser.parse();
        form.initialize(isNew, new InstanceInitializationFactory());
        controller = new FormEntryController(new FormEntryModel(form));
    }

    private ObjectNode run() throws Exception {
        ArrayNode refused = told.putArray("refused");
        for (JsonNode answer : asked.path("answers")) {
            addRows();
            String path = answer.get(0).asText();
            if (!give(path, answer.get(1).asText())) refused.addObject().put("path", path).put("why", "not asked");
        }
        addRows();
        walk();
        ObjectNode values = told.putObject("values"), relevant = told.putObject("relevant");
        for (JsonNode path : asked.path("values")) values.put(path.asText(), value(path.asText()));
        for (JsonNode path : asked.path("relevant")) relevant.put(path.asText(), isRelevant(path.asText()));
        violations(told.putArray("violations"));
        told.putNull("failure");
        if (asked.path("save").asBoolean()) {
            form.postProcessInstance();
            byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getInstance());
            told.put("xml", new String(xml, StandardCharsets.UTF_8));
        }
        return told;
    }

    /** Steps through the form once: that makes the rows of counted repeats. */
    private void walk() {
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        while (controller.stepToNextEvent() != FormEntryController.EVENT_END_OF_FORM) { }
    }

    /** Goes to the question at the path and answers; false when it is not asked. */
    private boolean give(String path, String value) {
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        while (controller.stepToNextEvent() != FormEntryController.EVENT_END_OF_FORM) {
            FormEntryModel model = controller.getModel();
            if (model.getEvent() != FormEntryController.EVENT_QUESTION || !place(here()).equals(place(path))) continue;
            IAnswerData answer = cast(model.getQuestionPrompt(), value);
            if (controller.answerQuestion(answer, false) != FormEntryController.ANSWER_OK) controller.saveAnswer(answer, false);
            return true;
        }
        return false;
    }

    /** Adds the rows that a person adds by hand. */
    private void addRows() {
        if (asked.path("repeats").isEmpty()) return;
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        while (controller.stepToNextEvent() != FormEntryController.EVENT_END_OF_FORM) {
            if (controller.getModel().getEvent() != FormEntryController.EVENT_PROMPT_NEW_REPEAT) continue;
            String row = here();
            int bracket = row.lastIndexOf('[');
            int wanted = asked.path("repeats").path(place(row.substring(0, bracket))).asInt(0);
            if (Integer.parseInt(row.substring(bracket + 1, row.length() - 1)) <= wanted) controller.newRepeat();
        }
    }

    /** /data/row[1]/name and /data/row/name are one place. */
    private static String place(String path) { return path.replace("[1]", ""); }

    private static IAnswerData cast(FormEntryPrompt prompt, String value) {
        if (value.isEmpty()) return null;
        return AnswerDataFactory.template(prompt.getControlType(), prompt.getDataType()).cast(new UncastData(value));
    }

    private boolean isRelevant(String path) {
        TreeElement element = form.getMainInstance().resolveReference(reference(path));
        return element != null && element.isRelevant();
    }

    private String value(String path) {
        TreeElement element = form.getMainInstance().resolveReference(reference(path));
        IAnswerData value = element == null || !element.isRelevant() ? null : element.getValue();
        return value == null ? null : text(value);
    }

    private static String text(IAnswerData value) {
        Object written = new org.javarosa.xform.util.XFormAnswerDataSerializer().serializeAnswerData(value);
        return String.valueOf(written);
    }

    /** Every question whose answer is missing or breaks its constraint, in the order of the form. */
    private void violations(ArrayNode found) {
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        while (controller.stepToNextEvent() != FormEntryController.EVENT_END_OF_FORM) {
            if (controller.getModel().getEvent() != FormEntryController.EVENT_QUESTION) continue;
            IAnswerData value = controller.getModel().getQuestionPrompt().getAnswerValue();
            int verdict = controller.answerQuestion(value, false);
            if (verdict == FormEntryController.ANSWER_OK) continue;
            String kind = verdict == FormEntryController.ANSWER_REQUIRED_BUT_EMPTY ? "required" : "constraint";
            found.addObject().put("path", here()).put("kind", kind);
        }
    }

    /** Where the controller stands; positions on repeats only. */
    private String here() {
        TreeReference at = controller.getModel().getFormIndex().getReference();
        if (at == null) return "";
        StringBuilder path = new StringBuilder();
        TreeReference up = TreeReference.rootRef();
        for (int step = 0; step < at.size(); step++) {
            up = up.extendRef(at.getName(step), at.getMultiplicity(step));
            TreeElement element = form.getMainInstance().getTemplatePath(up.genericize());
            boolean repeats = element != null && element.isRepeatable() && step > 0;
            path.append('/').append(at.getName(step));
            if (repeats && at.getMultiplicity(step) >= 0) path.append('[').append(at.getMultiplicity(step) + 1).append(']');
        }
        return path.toString();
    }

    private static TreeReference reference(String path) {
        TreeReference found = TreeReference.rootRef();
        for (String step : path.substring(1).split("/")) {
            int bracket = step.indexOf('[');
            String name = bracket < 0 ? step : step.substring(0, bracket);
            int row = bracket < 0 ? 0 : Integer.parseInt(step.substring(bracket + 1, step.length() - 1)) - 1;
            found = name.startsWith("@") ? found.extendRef(name.substring(1), TreeReference.INDEX_ATTRIBUTE) : found.extendRef(name, row);
        }
        return found;
    }

    /** jr://file-csv/household.csv → household.csv in the folder of this case. */
    private static class Folder implements ReferenceFactory {
        public boolean derives(String uri) { return uri.startsWith("jr://"); }

        public Reference derive(String uri, String context) { return derive(uri); }

        public Reference derive(String uri) {
            Path file = folder.resolve(uri.substring(uri.lastIndexOf('/') + 1));
            return new Reference() {
                public boolean doesBinaryExist() { return Files.exists(file); }
                public InputStream getStream() throws IOException { return Files.newInputStream(file); }
                public String getURI() { return uri; }
                public String getLocalURI() { return file.toString(); }
                public boolean isReadOnly() { return true; }
                public OutputStream getOutputStream() { throw new UnsupportedOperationException(); }
                public void remove() { throw new UnsupportedOperationException(); }
                public Reference[] probeAlternativeReferences() { return new Reference[0]; }
            };
        }
    }
}
