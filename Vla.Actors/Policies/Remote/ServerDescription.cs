using System.Globalization;
using MessagePack;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Images;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>
/// What a Vla server says of its policy where a protocol leaves room for it, as openpi's metadata: names, units, sizes
/// and the time of a step, so that nobody has to set them again.
/// </summary>
internal sealed record ServerDescription
{
    /// <summary>The map in the metadata.</summary>
    private const string Map = "vla";

    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>Its pictures in its order, as it wants them.</summary>
    public required IReadOnlyList<WirePicture> Pictures { get; init; }

    public required IReadOnlyList<string> StateNames { get; init; }

    public required IReadOnlyList<string> StateUnits { get; init; }

    public required IReadOnlyList<string> ActionNames { get; init; }

    public required IReadOnlyList<string> ActionUnits { get; init; }

    /// <summary>Actions in a chunk.</summary>
    public required int Horizon { get; init; }

    /// <summary>Time from one action to the next, milliseconds; null where the policy does not know.</summary>
    public double? StepMs { get; init; }

    /// <summary>So many actions of a chunk are carried out before the next; null: the freshest plan.</summary>
    public int? Execute { get; init; }

    public bool TakesWords { get; init; } = true;

    /// <summary>Whether state and actions have names of their own, and not only numbers.</summary>
    public bool HasNames { get; init; } = true;

    /// <summary>What is said of a policy.</summary>
    public static ServerDescription Of(IPolicy policy) =>
        new()
        {
            Policy = policy.Info.Name,
            Pictures =
            [
                .. (policy.Pictures ?? [PictureNames.Unnamed]).Select(name =>
                    Picture(name, policy.ImageOf(name).Height, policy.ImageOf(name).Width, policy.ImageOf(name).Fit)
                ),
            ],
            StateNames = policy.State.Names,
            StateUnits = policy.State.Units,
            ActionNames = policy.Action.Names,
            ActionUnits = policy.Action.Units,
            Horizon = policy.Action.Horizon,
            StepMs = policy.StepIsKnown ? policy.Action.StepMs : null,
            Execute = policy.Action.Execution.Execute,
            TakesWords = policy.TakesWords,
            HasNames = !policy.Action.Names.All(IsNumbered),
        };

    /// <summary>Writes the metadata: a map with one entry.</summary>
    public void Write(ref MessagePackWriter writer)
    {
        writer.WriteMapHeader(1);
        WriteEntry(ref writer);
    }

    /// <summary>Writes the entry into a map of others.</summary>
    public void WriteEntry(ref MessagePackWriter writer)
    {
        writer.Write(Map);
        writer.WriteMapHeader(13);
        writer.Write("policy");
        writer.Write(Policy);
        writer.Write("picture_names");
        Write(ref writer, [.. Pictures.Select(picture => picture.Name)]);
        writer.Write("picture_sizes");
        writer.WriteArrayHeader(Pictures.Count);
        foreach (var picture in Pictures)
        {
            writer.WriteArrayHeader(2);
            writer.Write(picture.Height);
            writer.Write(picture.Width);
        }

        writer.Write("picture_fits");
        Write(ref writer, [.. Pictures.Select(picture => picture.Fit.ToString().ToLowerInvariant())]);
        writer.Write("state_names");
        Write(ref writer, StateNames);
        writer.Write("state_units");
        Write(ref writer, StateUnits);
        writer.Write("action_names");
        Write(ref writer, ActionNames);
        writer.Write("action_units");
        Write(ref writer, ActionUnits);
        writer.Write("horizon");
        writer.Write(Horizon);
        writer.Write("step_ms");
        if (StepMs is { } stepMs)
            writer.Write(stepMs);
        else
            writer.WriteNil();
        writer.Write("execute");
        if (Execute is { } execute)
            writer.Write(execute);
        else
            writer.WriteNil();
        writer.Write("takes_words");
        writer.Write(TakesWords);
        writer.Write("has_names");
        writer.Write(HasNames);
    }

    /// <summary>Reads it from the metadata; null where the server is no Vla.</summary>
    /// <param name="metadata">What the server says of itself.</param>
    /// <param name="protocol">Says what pictures are called.</param>
    /// <exception cref="WireException">It contradicts itself.</exception>
    public static ServerDescription? Read(WireMap metadata, WireProtocol protocol)
    {
        if (metadata.FindText($"{Map}/policy") is not { } policy)
            return null;
        var (names, fits) = (Texts("picture_names"), Texts("picture_fits"));
        int[] sizes = metadata.TryFindArray($"{Map}/picture_sizes", out var array) ? Whole(array) : [];
        var description = new ServerDescription
        {
            Policy = policy,
            Pictures =
                names.Count * 2 == sizes.Length && names.Count == fits.Count
                    ?
                    [
                        .. names.Select(
                            (name, i) =>
                                protocol.Picture(name, i, sizes[2 * i], sizes[2 * i + 1]) with
                                {
                                    Fit = FitOf(fits[i]),
                                }
                        ),
                    ]
                    : throw new WireException(
                        $"the server names {names.Count} pictures and says {sizes.Length / 2} sizes"
                    ),
            StateNames = Texts("state_names"),
            StateUnits = Texts("state_units"),
            ActionNames = Texts("action_names"),
            ActionUnits = Texts("action_units"),
            Horizon = (int)(metadata.FindNumber($"{Map}/horizon") ?? 0),
            StepMs = metadata.FindNumber($"{Map}/step_ms"),
            Execute = metadata.FindNumber($"{Map}/execute") is { } execute ? (int)execute : null,
            TakesWords = metadata.Find($"{Map}/takes_words") is not WireItem.Flag { Value: false },
            HasNames = metadata.Find($"{Map}/has_names") is not WireItem.Flag { Value: false },
        };
        var isWell =
            description.Horizon is >= 1 and <= WireLimits.MostActions
            && description.ActionNames.Count is >= 1 and <= WireLimits.MostNumbers
            && description.ActionNames.Count == description.ActionUnits.Count
            && description.StateNames.Count <= WireLimits.MostNumbers
            && description.StateNames.Count == description.StateUnits.Count
            && description.Pictures.Count <= PictureNames.Most
            && description.Pictures.All(picture =>
                PictureNames.IsValid(picture.Name)
                && picture is { Height: >= 1 and <= WireLimits.LargestSide, Width: >= 1 and <= WireLimits.LargestSide }
            )
            && description.StepMs is null or (> 0 and <= WireLimits.LongestStepMs)
            && description.Execute is null or (>= 1 and <= WireLimits.MostActions);
        return isWell
            ? description
            : throw new WireException("what the server says of its policy (metadata 'vla') cannot be");

        IReadOnlyList<string> Texts(string key) =>
            metadata.Find($"{Map}/{key}") switch
            {
                WireItem.Texts texts => texts.Values,
                WireItem.Numbers { Array.Count: 0 } => [],
                _ => throw new WireException(
                    string.Create(CultureInfo.InvariantCulture, $"the server's metadata has no list {Map}/{key}")
                ),
            };
    }

    // A checkpoint without names has action_1, action_2 and so on.
    private static bool IsNumbered(string name) =>
        name.StartsWith("action_", StringComparison.Ordinal)
        && int.TryParse(name["action_".Length..], CultureInfo.InvariantCulture, out _);

    private static WirePicture Picture(string name, int height, int width, ImageFit fit) =>
        WirePicture.OfFeature(name, height, width) with
        {
            Fit = fit,
        };

    private static ImageFit FitOf(string word) =>
        Enum.TryParse<ImageFit>(word, ignoreCase: true, out var fit) && Enum.IsDefined(fit) ? fit : ImageFit.Stretch;

    private static int[] Whole(NumpyArray array)
    {
        var values = new float[array.Count];
        array.CopyTo(values);
        return [.. values.Select(value => (int)value)];
    }

    private static void Write(ref MessagePackWriter writer, IReadOnlyList<string> texts)
    {
        writer.WriteArrayHeader(texts.Count);
        foreach (var text in texts)
            writer.Write(text);
    }
}
