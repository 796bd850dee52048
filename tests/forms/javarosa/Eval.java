import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import javax.xml.parsers.DocumentBuilderFactory;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.condition.EvaluationContext;
import org.javarosa.core.model.data.AnswerDataFactory;
import org.javarosa.core.model.data.UncastData;
import org.javarosa.core.model.instance.*;
import org.javarosa.xpath.XPathNodeset;
import org.javarosa.xpath.XPathParseTool;
import org.javarosa.xpath.expr.XPathFuncExpr;
import org.w3c.dom.*;
import org.xml.sax.InputSource;

/**
 * Evaluates expressions with the engine of ODK Collect: one JSON object a line in, one out, until the input ends.
 * In: expr, instance (XML), context (/data/row[2]/x), secondary {id: XML}, types {path: bind type}.
 * Out: {"type": string|number|boolean|date|nodeset, "value": …} or {"error": …}. A date's value is its local date and
 * time, a nodeset's value the list of its texts; NaN and the infinities are texts.
 */
public class Eval {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, Integer> TYPES = Map.of(
        "int", Constants.DATATYPE_INTEGER, "decimal", Constants.DATATYPE_DECIMAL, "date", Constants.DATATYPE_DATE,
        "dateTime", Constants.DATATYPE_DATE_TIME, "time", Constants.DATATYPE_TIME,
        "geopoint", Constants.DATATYPE_GEOPOINT, "geotrace", Constants.DATATYPE_GEOTRACE,
        "geoshape", Constants.DATATYPE_GEOSHAPE, "string", Constants.DATATYPE_TEXT);

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
        // JavaRosa prints warnings.
        System.setOut(System.err);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            ObjectNode answer;
            try {
                answer = answer(JSON.readTree(line));
            } catch (Throwable error) {
                answer = JSON.createObjectNode().put("error", error.getClass().getSimpleName() + ": " + error.getMessage());
            }
            out.println(JSON.writeValueAsString(answer));
        }
    }

    private static ObjectNode answer(JsonNode request) throws Exception {
        Map<String, String> types = new HashMap<>();
        request.path("types").fields().forEachRemaining(type -> types.put(type.getKey(), type.getValue().asText()));
        HashMap<String, DataInstance> others = new HashMap<>();
        Iterator<Map.Entry<String, JsonNode>> lists = request.path("secondary").fields();
        while (lists.hasNext()) {
            Map.Entry<String, JsonNode> list = lists.next();
            FormInstance other = new FormInstance(tree(list.getValue().asText(), Map.of(), list.getKey()), list.getKey());
            others.put(list.getKey(), other);
        }
        String xml = request.path("instance").isTextual() ? request.get("instance").asText() : "<data/>";
        FormInstance main = new FormInstance(tree(xml, types, null));
        String path = request.path("context").isTextual() ? request.get("context").asText() : "/" + main.getRoot().getName();
        EvaluationContext base = new EvaluationContext(main, others);
        EvaluationContext context = new EvaluationContext(base, reference(path));
        context.setOriginalContext(reference(path));
        return shown(XPathParseTool.parseXPath(request.get("expr").asText()).eval(main, context));
    }

    private static ObjectNode shown(Object value) {
        ObjectNode answer = JSON.createObjectNode();
        if (value instanceof XPathNodeset) {
            answer.put("type", "nodeset");
            List<String> texts = new ArrayList<>();
            for (Object one : ((XPathNodeset) value).toArgList()) texts.add(XPathFuncExpr.toString(one));
            return answer.set("value", JSON.valueToTree(texts));
        }
        if (value instanceof Boolean) return answer.put("type", "boolean").put("value", (Boolean) value);
        if (value instanceof Date) return answer.put("type", "date").put("value",
            new org.joda.time.LocalDateTime(value).toString("yyyy-MM-dd'T'HH:mm:ss.SSS"));
        if (!(value instanceof Double)) return answer.put("type", "string").put("value", XPathFuncExpr.toString(value));
        double number = (Double) value;
        answer.put("type", "number");
        return Double.isNaN(number) || Double.isInfinite(number)
            ? answer.put("value", Double.toString(number)) : answer.put("value", number);
    }

    /** /data/row[2]/x → a reference to exactly that node. */
    private static TreeReference reference(String path) {
        TreeReference reference = TreeReference.rootRef();
        for (String step : path.substring(1).split("/")) {
            int bracket = step.indexOf('[');
            int place = bracket < 0 ? 0 : Integer.parseInt(step.substring(bracket + 1, step.length() - 1)) - 1;
            reference.add(bracket < 0 ? step : step.substring(0, bracket), place);
        }
        return reference;
    }

    private static TreeElement tree(String xml, Map<String, String> types, String instance) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        Element root = factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml))).getDocumentElement();
        TreeElement tree = element(root, "/" + root.getLocalName(), types, 0);
        tree.setInstanceName(instance);
        return tree;
    }

    private static TreeElement element(Element from, String path, Map<String, String> types, int multiplicity) {
        TreeElement to = new TreeElement(from.getLocalName(), multiplicity);
        NamedNodeMap attributes = from.getAttributes();
        for (int i = 0; i < attributes.getLength(); i++)
            if (!attributes.item(i).getNodeName().startsWith("xmlns"))
                to.setAttribute(null, attributes.item(i).getLocalName(), attributes.item(i).getNodeValue());
        Map<String, Integer> seen = new HashMap<>();
        for (Node child = from.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (!(child instanceof Element)) continue;
            String name = child.getLocalName();
            int place = seen.merge(name, 1, Integer::sum) - 1;
            to.addChild(element((Element) child, path + "/" + name, types, place));
        }
        // As XFormParser loads an instance: blanks around a value are no part of it.
        String text = from.getTextContent().trim();
        if (seen.isEmpty() && !text.isEmpty()) {
            int type = TYPES.getOrDefault(types.getOrDefault(path, ""), Constants.DATATYPE_TEXT);
            to.setDataType(type);
            to.setValue(AnswerDataFactory.templateByDataType(type).cast(new UncastData(text)));
        }
        return to;
    }
}
