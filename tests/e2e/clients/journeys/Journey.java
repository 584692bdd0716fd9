import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import timeline.ApiClient;
import timeline.ApiException;
import timeline.api.EventsApi;
import timeline.api.EventsApi.APIGetEventRequest;
import timeline.api.EventsApi.APIListEventsAsCsvRequest;
import timeline.api.EventsApi.APIListEventsRequest;
import timeline.model.Citation;
import timeline.model.Event;
import timeline.model.EventPage;
import timeline.model.EventWhen;
import timeline.model.Fault;
import timeline.model.SortOrder;
import timeline.model.Problem;
import timeline.model.EventStatus;

/** Queries a server with the Java client of openapi-generator and the HTTP client of the JDK. */
public final class Journey {
  private final ObjectMapper mapper = new TextOrJson();
  private final EventsApi events;

  private Journey(String url) {
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    client.setObjectMapper(mapper);
    events = new EventsApi(client);
  }

  /** Prints the data that the client receives. */
  public static void main(String[] arguments) throws ApiException, JsonProcessingException {
    Journey journey = new Journey(arguments[0]);
    System.out.println(journey.mapper.writeValueAsString(journey.received()));
  }

  private Map<String, Object> received() throws ApiException, JsonProcessingException {
    // Events of either company since November 2021 that are reported, latest first.
    List<String> companies = List.of("nso-group", "candiru");
    EventPage filtered =
        events.listEvents(
            APIListEventsRequest.newBuilder()
                .actor(companies)
                .from("2021-11")
                .status(List.of(EventStatus.REPORTED))
                .order(SortOrder.DESC)
                .build());

    // One event. An unknown value is null: a date can be open at either end.
    Event visit = get("biden-visits-israel");
    EventWhen when = visit.getDate();
    LocalDate earliest = when.getEarliest();
    LocalDate latest = when.getLatest();
    Map<String, Object> optional = new LinkedHashMap<>();
    optional.put("summary", visit.getSummary());
    optional.put("amount", visit.getAmount());

    // All errors have the same shape.
    APIListEventsRequest invalid = APIListEventsRequest.newBuilder().from("2021-13").build();
    Problem missing = problemOf(() -> get("no-such-event"));
    Problem rejected = problemOf(() -> events.listEvents(invalid));
    Fault fault = rejected.getErrors().get(0);

    String csv =
        events.listEventsAsCsv(
            APIListEventsAsCsvRequest.newBuilder().actor(List.of("candiru")).build());
    String[] lines = csv.split("\r\n", -1);

    Map<String, Object> event =
        Map.of(
            "id", visit.getId(),
            "edtf", when.getEdtf(),
            "earliest", earliest.toString(),
            "days", ChronoUnit.DAYS.between(earliest, latest) + 1,
            "place", visit.getPlace(),
            "quotes", visit.getCitations().stream().map(Journey::quoteOf).toList());
    return Map.of(
        "filtered", filtered.getItems().stream().map(Event::getId).toList(),
        "paged", allEvents().stream().map(Event::getId).toList(),
        "event", event,
        "absent", optional.keySet().stream().filter(name -> optional.get(name) == null).toList(),
        "missing", Map.of("status", missing.getStatus(), "detail", missing.getDetail()),
        "rejected",
            Map.of(
                "status", rejected.getStatus(),
                "parameter", fault.getParameter(),
                "detail", fault.getDetail()),
        "csv", Map.of("header", lines[0], "lines", lines.length));
  }

  private Event get(String id) throws ApiException {
    return events.getEvent(APIGetEventRequest.newBuilder().id(id).build());
  }

  /** Returns all events, page by page: the last page has no `next`. */
  private List<Event> allEvents() throws ApiException {
    List<Event> all = new ArrayList<>();
    String cursor = null;
    do {
      EventPage page =
          events.listEvents(APIListEventsRequest.newBuilder().limit(5).cursor(cursor).build());
      all.addAll(page.getItems());
      cursor = page.getNext();
    } while (cursor != null);
    return all;
  }

  private static List<String> quoteOf(Citation citation) {
    return List.of(citation.getQuote(), citation.getSource().getPublisher().getName());
  }

  private interface Request {
    Object send() throws ApiException;
  }

  /** Returns the problem of a request that fails. */
  private Problem problemOf(Request request) throws JsonProcessingException {
    try {
      request.send();
    } catch (ApiException error) {
      return mapper.readValue(error.getResponseBody(), Problem.class);
    }
    throw new AssertionError("an error was expected");
  }

  /** Returns text unparsed: the generated code parses every response as JSON, even CSV. */
  private static final class TextOrJson extends ObjectMapper {
    private static final long serialVersionUID = 1L;

    TextOrJson() {
      super(ApiClient.createDefaultObjectMapper());
    }

    @Override
    public TextOrJson copy() {
      return new TextOrJson();
    }

    @Override
    public <T> T readValue(String content, TypeReference<T> type) throws JsonProcessingException {
      boolean isText = type.getType() == String.class;
      return super.readValue(isText ? writeValueAsString(content) : content, type);
    }
  }
}
