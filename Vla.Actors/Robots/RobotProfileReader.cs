using System.Globalization;
using System.Text.Json;
using Vla.Actors.Checkpoints;
using Vla.Sensors.Text;

namespace Vla.Actors.Robots;

/// <summary>Reads a robot profile and refuses whatever is not exactly right.</summary>
internal static class RobotProfileReader
{
    // "ros" is for whoever drives it over rosbridge, and read there.
    private static readonly string[] ProfileKeys = ["name", "limits", "stepMs", "dimensions", "ros"];

    private static readonly string[] DimensionKeys =
    [
        "name",
        "unit",
        "minimum",
        "maximum",
        "maximumRate",
        "maximumAcceleration",
        "hold",
        "start",
        "reach",
    ];

    /// <summary>
    /// Of the range between the limits: how far a first action may be where neither robot nor profile says more.
    /// </summary>
    private const float ReachShare = 0.1f;

    public static RobotProfile Read(string file)
    {
        try
        {
            using var document = JsonText.Read(file);
            return ReadProfile(new Place(file, ""), document.RootElement);
        }
        catch (JsonException exception)
        {
            throw new RobotProfileException(
                $"robot profile {file} is not valid JSON: {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RobotProfileException(
                $"robot profile {file} cannot be read: {exception.Message.ReplaceLineEndings(" ")}",
                exception
            );
        }
    }

    private static RobotProfile ReadProfile(Place place, JsonElement profile)
    {
        place.RequireObject(profile, ProfileKeys);
        var name = place.Text(profile, "name");
        var limits = place.Flag(profile, "limits", otherwise: true);
        var list = place.Required(profile, "dimensions");
        var count = list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0;
        if (count is 0 or > RobotProfile.MaximumDimensions)
            throw place.Wrong("dimensions", list, $"a list of 1 to {RobotProfile.MaximumDimensions} dimensions");

        var dimensions = new List<RobotDimension>(count);
        foreach (var element in list.EnumerateArray())
        {
            var at = new Place(place.File, $"dimensions[{dimensions.Count}].");
            var dimension = ReadDimension(at, element, limits);
            if (dimensions.Any(other => other.Name == dimension.Name))
                throw at.Wrong("name", element.GetProperty("name"), "a name that no other dimension has");
            dimensions.Add(dimension);
        }

        return new RobotProfile(name, limits, dimensions)
        {
            StepMs = profile.TryGetProperty("stepMs", out _) ? place.Positive(profile, "stepMs", required: true) : null,
        };
    }

    private static RobotDimension ReadDimension(Place place, JsonElement element, bool limits)
    {
        place.RequireObject(element, DimensionKeys);
        var name = place.Text(element, "name");
        var unit = place.Text(element, "unit");
        var hold = ReadHold(place, element);
        // Limits that are switched off may stay in the file; they are checked all the same.
        var minimum = place.Number(element, "minimum", limits, float.MinValue, "a number");
        var maximum = place.Number(element, "maximum", limits, float.MaxValue, "a number");
        if (maximum < minimum)
            throw place.Wrong("maximum", element.GetProperty("maximum"), $"at least the minimum, {Show(minimum)}");
        var rate = place.Positive(element, "maximumRate", limits);
        var acceleration = place.Positive(element, "maximumAcceleration", limits);
        var start = 0f;
        var reach = float.PositiveInfinity;
        if (hold == HoldBehaviour.Zero)
        {
            if (element.TryGetProperty("start", out var unwanted))
                throw place.Wrong("start", unwanted, "nothing: a dimension that holds at zero starts there");
            if (element.TryGetProperty("reach", out unwanted))
                throw place.Wrong("reach", unwanted, "nothing: a dimension that holds at zero sets out from there");
            if (minimum > 0 || maximum < 0)
                throw place.Wrong(
                    "hold",
                    element.GetProperty("hold"),
                    $"\"keep\", because 0 is outside {Show(minimum)} to {Show(maximum)}"
                );
        }
        else
        {
            start = place.Number(
                element,
                "start",
                required: true,
                0,
                $"a number from {Show(minimum)} to {Show(maximum)}"
            );
            if (start < minimum || start > maximum)
                throw place.Wrong(
                    "start",
                    element.GetProperty("start"),
                    $"a number from {Show(minimum)} to {Show(maximum)}"
                );
            const string Allowed = "a number, 0 or more";
            reach = place.Number(element, "reach", required: false, reach, Allowed);
            if (reach < 0)
                throw place.Wrong("reach", element.GetProperty("reach"), Allowed);
        }

        return new RobotDimension
        {
            Name = name,
            Unit = unit,
            Minimum = minimum,
            Maximum = maximum,
            MaximumRate = rate,
            MaximumAcceleration = acceleration,
            Hold = hold,
            Start = start,
            Reach = reach,
            ReachWithoutState = limits && float.IsPositiveInfinity(reach) ? ReachShare * (maximum - minimum) : reach,
        };
    }

    private static HoldBehaviour ReadHold(Place place, JsonElement element)
    {
        var hold = place.Required(element, "hold");
        return hold.ValueKind == JsonValueKind.String
            ? hold.GetString() switch
            {
                "zero" => HoldBehaviour.Zero,
                "keep" => HoldBehaviour.Keep,
                _ => throw place.Wrong("hold", hold, "\"zero\" or \"keep\""),
            }
            : throw place.Wrong("hold", hold, "\"zero\" or \"keep\"");
    }

    private static string Show(float value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>A spot in the file, for messages.</summary>
    private readonly record struct Place(string File, string Prefix)
    {
        public RobotProfileException Wrong(string key, JsonElement value, string allowed)
        {
            var text = value.GetRawText().ReplaceLineEndings(" ");
            if (text.Length > 60)
                text = text[..60] + "…";
            return new RobotProfileException($"robot profile {File}: {Prefix}{key} is {text}; allowed is {allowed}");
        }

        public void RequireObject(JsonElement element, string[] keys)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                var what = Prefix.Length == 0 ? "the file" : Prefix.TrimEnd('.');
                throw new RobotProfileException(
                    $"robot profile {File}: {what} must be an object with the keys {string.Join(", ", keys)}"
                );
            }

            foreach (var property in element.EnumerateObject())
            {
                if (!keys.Contains(property.Name))
                    throw new RobotProfileException(
                        $"robot profile {File}: {Prefix}{ErrorText.Bounded(property.Name)} is not a known key; "
                            + $"allowed are {string.Join(", ", keys)}"
                    );
            }
        }

        public JsonElement Required(JsonElement element, string key) =>
            element.TryGetProperty(key, out var value)
                ? value
                : throw new RobotProfileException($"robot profile {File}: {Prefix}{key} is missing");

        public string Text(JsonElement element, string key)
        {
            var value = Required(element, key);
            return value.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(value.GetString())
                ? value.GetString()!
                : throw Wrong(key, value, "a text that is not empty");
        }

        public bool Flag(JsonElement element, string key, bool otherwise)
        {
            if (!element.TryGetProperty(key, out var value))
                return otherwise;
            return value.ValueKind is JsonValueKind.True or JsonValueKind.False
                ? value.GetBoolean()
                : throw Wrong(key, value, "true or false");
        }

        public float Number(JsonElement element, string key, bool required, float otherwise, string allowed)
        {
            if (!element.TryGetProperty(key, out var value))
            {
                return required
                    ? throw new RobotProfileException(
                        $"robot profile {File}: {Prefix}{key} is missing; allowed is {allowed}"
                    )
                    : otherwise;
            }

            // A number too large for 32 bits reads as infinity.
            return value.ValueKind == JsonValueKind.Number && float.IsFinite(value.GetSingle())
                ? value.GetSingle()
                : throw Wrong(key, value, allowed);
        }

        public float Positive(JsonElement element, string key, bool required)
        {
            const string Allowed = "a number above 0";
            var number = Number(element, key, required, float.MaxValue, Allowed);
            return number > 0 ? number : throw Wrong(key, element.GetProperty(key), Allowed);
        }
    }
}
