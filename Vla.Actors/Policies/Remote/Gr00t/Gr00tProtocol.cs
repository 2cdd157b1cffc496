using System.Text;
using Vla.Actors.Checkpoints;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote.Gr00t;

/// <summary>
/// GR00T's protocol: MessagePack over a ZeroMQ request and its reply (Isaac-GR00T,
/// <c>gr00t/policy/server_client.py</c>).
/// </summary>
internal sealed class Gr00tProtocol : WireProtocol
{
    /// <summary>What actions come under without a layout of a published environment, at a Vla.</summary>
    public const string AllActions = "action";

    /// <summary>What the state goes under, likewise.</summary>
    public const string AllState = "state";

    /// <summary>What words go under, where nothing says otherwise.</summary>
    public const string UsualWords = "annotation.human.task_description";

    /// <summary>Option: how an observation lies in a message; otherwise as the preset's environment has it.</summary>
    public const string Form = "form";

    public override string Name => "gr00t";

    public override string Scheme => "gr00t";

    public override string? SecureScheme => null;

    public override int UsualPort => 5_555;

    public override IReadOnlyList<WireLayout> Presets => Gr00tPresets.All;

    public override IReadOnlyList<WireOption> OwnOptions { get; } =
    [new(Form, Gr00tForms.Words.Replace(", ", "|"), Gr00tForms.Words, word => Gr00tForms.Find(word) is not null)];

    public override IReadOnlyList<string> Mistaken => ["gr00t+tls", "groot"];

    public override string Unnamed =>
        "pictures, state and words go out under the keys that the server names; "
        + $"preset={string.Join('|', Presets.Select(preset => preset.Name))} sends what published policies take";

    public override WirePicture Picture(string name, int place, int height, int width) =>
        new(name, name, height, width);

    internal override WireConnection Open(WireAddress address) => Gr00tConnection.Open(address);

    internal override WireRequest Request(WireRequestParts parts) => new Gr00tRequest(parts);

    /// <summary>The keys of a server's modalities, where no layout has any.</summary>
    internal override WireLayout Learn(WireLayout layout, WireMap metadata)
    {
        if (layout.Name != Presets[0].Name)
            return layout;
        var (video, state, language) = (Keys(metadata, "video"), Keys(metadata, "state"), Keys(metadata, "language"));
        var vla = ServerDescription.Read(metadata, this);
        return layout with
        {
            Pictures = video is { Count: > 0 }
                ? [.. video.Select((key, place) => Named(Short(key, "video"), place))]
                : null,
            // A Vla that says nothing of it wants none.
            State =
                state is not null ? [.. state.Select(key => new WireState(Short(key, "state"), 0))]
                : vla is null ? null
                : [],
            Prompt = language is { Count: 0 } ? null : language?[0] ?? UsualWords,
            ActionKeys = Keys(metadata, "action") is { Count: > 0 } actions
                ? [.. actions.Select(key => Short(key, "action"))]
                : null,
        };

        // A Vla also says what its policy calls them, and how large they are.
        WirePicture Named(string key, int place) =>
            vla is not null && vla.Pictures.Count == video!.Count ? vla.Pictures[place] with { Key = key }
            : PictureNames.IsValid(key) ? Picture(key, 0, WirePicture.UsualSize, WirePicture.UsualSize)
            : throw new WireException(
                $"the server's picture '{ErrorText.Bounded(key)}' cannot be a camera's name: give layout=FILE, "
                    + "which names both"
            );
    }

    internal override WireAnswer Read(ReadOnlyMemory<byte> message, WireLayout layout)
    {
        if (message.Span.SequenceEqual("ERROR"u8))
            throw new WireException("failed, and says no more than ERROR: its own log says why");
        var map = WireReader.ReadFirst(message);
        WireAnswer.ThrowIfError(map);
        var keys = layout.ActionKeys ?? [.. map.Paths.Select(path => Short(path, "action"))];
        var parts = keys.Select(key => Part(map, key)).ToArray();
        if (parts.Length == 0)
            throw new WireException("the answer has no actions; it is empty");
        var horizon = parts[0].Horizon;
        if (Array.Find(parts, part => part.Horizon != horizon) is { } other)
            throw new WireException(
                $"the answer's actions are of different lengths: {keys[0]} has {horizon}, "
                    + $"{keys[Array.IndexOf(parts, other)]} {other.Horizon}"
            );
        return Joined(parts, horizon);
    }

    /// <summary>The keys of a modality; null where the server says nothing of it.</summary>
    private static IReadOnlyList<string>? Keys(WireMap metadata, string modality)
    {
        switch (metadata.Find($"{modality}/as_json/modality_keys"))
        {
            case WireItem.Texts texts:
                return texts.Values;
            case WireItem.Numbers { Array.Count: 0 }:
                return [];
        }

        // N1.5: a text, not a map.
        if (metadata.Find($"{modality}/as_json") is not WireItem.Text { Value: var json })
            return null;
        return WireJson.Read(Encoding.UTF8.GetBytes(json)).Find("modality_keys") is WireItem.Texts { Values: var keys }
            ? keys
            : null;
    }

    // video.image and image, as the versions have it.
    private static string Short(string key, string modality) =>
        key.StartsWith(modality + ".", StringComparison.Ordinal) ? key[(modality.Length + 1)..] : key;

    /// <summary>Numbers of a key: [1, actions, numbers], [actions, numbers], or [actions] where each is one.</summary>
    private static WireAnswer Part(WireMap map, string key)
    {
        if (!map.TryFindArray(key, out var array) && !map.TryFindArray($"action/{key}", out array))
            throw new WireException($"the answer has no actions '{key}'; it has {map.Describe()}");
        return array.Shape switch
        {
            [1, var rows, var columns] => WireAnswer.Of(array with { Shape = [rows, columns] }, key),
            [var rows] => WireAnswer.Of(array with { Shape = [rows, 1] }, key),
            _ => WireAnswer.Of(array, key),
        };
    }

    private static WireAnswer Joined(WireAnswer[] parts, int horizon)
    {
        var dimensions = parts.Sum(part => part.Dimensions);
        if (dimensions > WireLimits.MostNumbers)
            throw new WireException($"the answer's actions have {dimensions} numbers: up to {WireLimits.MostNumbers}");
        var values = new float[horizon * dimensions];
        var column = 0;
        foreach (var part in parts)
        {
            for (var row = 0; row < horizon; row++)
                part.Values.AsSpan(row * part.Dimensions, part.Dimensions)
                    .CopyTo(values.AsSpan(row * dimensions + column));
            column += part.Dimensions;
        }

        return new WireAnswer(values, horizon, dimensions, InferMs: null);
    }
}
