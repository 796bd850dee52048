import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.javarosa.core.model.*;
import org.javarosa.core.model.data.AnswerDataFactory;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.instance.*;
import org.javarosa.core.reference.*;
import org.javarosa.form.api.*;
import org.javarosa.model.xform.*;
import org.javarosa.xform.parse.XFormParser;

/**
 * Fills a form with the engine of ODK Collect. Arguments: form, folder of its CSV files, draft or "-", file for the
 * instance, then path=value in any order (a repeat's first row without [1], the second with [2]; an empty value
 * clears). Prints REFUSED path for an answer that a constraint refuses, then OUTCOME and the engine's verdict
 * (VALID, or what is wrong and where).
 */
public class Fill {
    public static void main(String[] args) throws Exception {
        ReferenceManager.instance().addReferenceFactory(new Folder(Paths.get(args[1])));
        new XFormsModule().registerModule();
        boolean isNew = args[2].equals("-");
        XFormParser parser = isNew ? new XFormParser(reader(args[0])) : new XFormParser(reader(args[0]), reader(args[2]));
        FormDef form = parser.parse();
        form.initialize(isNew, new InstanceInitializationFactory());
        fill(new FormEntryController(new FormEntryModel(form)), answers(args));
        form.postProcessInstance();
        ValidateOutcome outcome = form.validate(true);
        byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getInstance());
        Files.write(Paths.get(args[3]), xml);
        System.out.println("OUTCOME " + (outcome == null ? "VALID" : outcome.outcome + " " + path(outcome.failedPrompt)));
    }

    private static void fill(FormEntryController controller, Map<String, String> answers) {
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        // Stepping makes the rows of counted repeats, as in Collect.
        while (controller.stepToNextEvent() != FormEntryController.EVENT_END_OF_FORM) {
            FormEntryModel model = controller.getModel();
            String path = path(model.getFormIndex());
            if (model.getEvent() != FormEntryController.EVENT_QUESTION || !answers.containsKey(path)) continue;
            int told = controller.answerQuestion(cast(model.getQuestionPrompt(), answers.get(path)), false);
            if (told != FormEntryController.ANSWER_OK) System.out.println("REFUSED " + path);
        }
    }

    private static IAnswerData cast(FormEntryPrompt prompt, String value) {
        if (value.isEmpty()) return null;
        return AnswerDataFactory.template(prompt.getControlType(), prompt.getDataType()).cast(new UncastData(value));
    }

    private static Map<String, String> answers(String[] args) {
        Map<String, String> answers = new HashMap<>();
        for (String pair : Arrays.copyOfRange(args, 4, args.length)) {
            int equals = pair.indexOf('=');
            answers.put(pair.substring(0, equals), pair.substring(equals + 1));
        }
        return answers;
    }

    private static String path(FormIndex index) {
        return index.getReference() == null ? "" : index.getReference().toString(true).replace("[1]", "");
    }

    private static Reader reader(String path) throws IOException {
        return new InputStreamReader(new FileInputStream(path), StandardCharsets.UTF_8);
    }

    /** jr://file-csv/household.csv → household.csv in the folder. */
    private static class Folder implements ReferenceFactory {
        private final Path folder;

        Folder(Path folder) { this.folder = folder; }

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
