using System.Buffers;
using MessagePack;
using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Actors.Policies.Remote.Gr00t;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Sensors.Observations;

namespace Vla.Runtime.Serving.Gr00t;

/// <summary>What is answered by GR00T's protocol, and where an observation lies in its messages.</summary>
internal sealed class Gr00tMessages
{
    /// <summary>What is meant where a question names nothing.</summary>
    public const string GetAction = "get_action";

    private const string Data = "data";

    private readonly List<(string Key, int Count)> _actions;
    private readonly int _dimensions;

    /// <param name="policy">What is served.</param>
    /// <param name="layout">What its parts are called.</param>
    /// <exception cref="PolicyException">The layout's actions are not the policy's.</exception>
    public Gr00tMessages(IPolicy policy, WireLayout layout)
    {
        _dimensions = policy.Action.Dimensions;
        _actions = Dealt(policy, layout);
        Modalities = Described(policy, layout);
    }

    /// <summary>The answer to a ping.</summary>
    public static byte[] Alive { get; } =
        Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(2);
                to.Write("status");
                to.Write("ok");
                to.Write("message");
                to.Write("Server is running");
            }
        );

    /// <summary>The answer where there is nothing to say.</summary>
    public static byte[] Nothing { get; } = [0x80];

    /// <summary>The answer to <c>get_modality_config</c>; beside the modalities what Vla says of a policy.</summary>
    public byte[] Modalities { get; }

    /// <summary>Without a preset: pictures by their names, and state and actions each in one.</summary>
    public static WireLayout LayoutOf(IPolicy policy) =>
        Gr00tPresets.All[0] with
        {
            Pictures =
            [
                .. (policy.Pictures ?? [PictureNames.Unnamed]).Select(name => new WirePicture(
                    name,
                    name,
                    policy.ImageOf(name).Height,
                    policy.ImageOf(name).Width
                )),
            ],
            State = policy.State.Dimensions > 0 ? [new WireState(Gr00tProtocol.AllState, policy.State.Dimensions)] : [],
            Prompt = Gr00tProtocol.UsualWords,
            ActionKeys = [Gr00tProtocol.AllActions],
        };

    /// <summary>Where the parts of a layout are looked for.</summary>
    public static WireLayout Reading(WireLayout layout) =>
        layout with
        {
            Pictures = layout.Pictures?.Select(picture => picture with { Group = "video" }).ToArray(),
            State = layout.State?.Select(part => part with { Key = $"state.{part.Key}" }).ToArray(),
        };

    /// <summary>An answer that says what went wrong.</summary>
    public static byte[] Error(string why) =>
        Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(1);
                to.Write("error");
                to.Write(why);
            }
        );

    /// <summary>What a client asks of the server itself.</summary>
    public static byte[] Question(string endpoint) =>
        Written(
            (ref MessagePackWriter to) =>
            {
                to.WriteMapHeader(1);
                to.Write("endpoint");
                to.Write(endpoint);
            }
        );

    /// <summary>What was seen, and how it lay in the question, which says how it is answered.</summary>
    /// <exception cref="WireException">There is none.</exception>
    public static (WireMap Observation, bool HasOptions, bool IsFlat) Observation(WireMap question)
    {
        // N1.6 and later: beside options; before that it is the data itself.
        var inner = question.Below($"{Data}/observation/");
        var hasOptions = inner.Paths.Count > 0;
        if (!hasOptions)
            inner = question.Below($"{Data}/");
        if (inner.Paths.Count == 0)
            throw new WireException($"the question has no observation in '{Data}'; it has {question.Describe()}");
        var isFlat = inner.Paths.Exists(path => path.StartsWith("video.", StringComparison.Ordinal));
        // Whatever the words are called: there is nothing else that is a text.
        var words = inner.Paths.Find(path => inner.Find(path) is WireItem.Text or WireItem.Texts);
        if (words is not null && inner.Find(ObservationReader.Task) is null)
            inner.Add(ObservationReader.Task, inner.Find(words)!);
        return (inner, hasOptions, isFlat);
    }

    /// <summary>The actions, by their keys.</summary>
    /// <param name="inferred">What the policy would do.</param>
    /// <param name="hasOptions">Whether the question had: then the actions come in a list, with what else there
    /// is.</param>
    /// <param name="isFlat">Whether they are called <c>action.x</c>.</param>
    /// <exception cref="PolicyException">The actions are none.</exception>
    public byte[] Chunk(Inferred inferred, bool hasOptions, bool isFlat)
    {
        var values = inferred.Values(_dimensions);
        var horizon = inferred.Chunk.Horizon;
        return Written(
            (ref MessagePackWriter to) =>
            {
                if (hasOptions)
                    to.WriteArrayHeader(2);
                to.WriteMapHeader(_actions.Count);
                var column = 0;
                foreach (var (key, count) in _actions)
                {
                    to.Write((isFlat ? "action." : "") + key);
                    var part = new float[horizon * count];
                    for (var row = 0; row < horizon; row++)
                        values.AsSpan(row * _dimensions + column, count).CopyTo(part.AsSpan(row * count));
                    if (hasOptions)
                        WireWriter.WriteNumpyFile(ref to, part, 1, horizon, count);
                    else
                        WireWriter.WriteNumpyFile(ref to, part, horizon, count);
                    column += count;
                }

                if (hasOptions)
                    to.WriteMapHeader(0);
            }
        );
    }

    private static List<(string Key, int Count)> Dealt(IPolicy policy, WireLayout layout)
    {
        var dimensions = policy.Action.Dimensions;
        var keys = layout.ActionKeys ?? [Gr00tProtocol.AllActions];
        if (keys.Count == 1)
            return [(keys[0], dimensions)];
        if (keys.Count == dimensions)
            return [.. keys.Select(key => (key, 1))];
        // An arm's joints, and then its gripper: as many for the last as are left.
        if (keys.Count == 2 && dimensions > 2)
            return [(keys[0], dimensions - 1), (keys[1], 1)];
        throw new PolicyException(
            $"{policy.Directory}: gives {dimensions} actions ({string.Join(' ', policy.Action.Names)}), and the layout "
                + $"{layout.Name} has {keys.Count} keys for them ({string.Join(' ', keys)}): give one key, two (all "
                + "and the last), or one for each"
        );
    }

    private static byte[] Described(IPolicy policy, WireLayout layout) =>
        Written(
            (ref MessagePackWriter to) =>
            {
                // GR00T's own reader takes no modality without keys.
                (string Name, int[] Deltas, string[] Keys)[] modalities =
                [
                    .. new (string Name, int[] Deltas, string[] Keys)[]
                    {
                        ("video", [0], [.. (layout.Pictures ?? []).Select(picture => picture.Key)]),
                        ("state", [0], [.. (layout.State ?? []).Select(part => part.Key)]),
                        (
                            "action",
                            [.. Enumerable.Range(0, policy.Action.Horizon)],
                            [.. layout.ActionKeys ?? [Gr00tProtocol.AllActions]]
                        ),
                        ("language", [0], policy.TakesWords && layout.Prompt is { } key ? [key] : []),
                    }.Where(one => one.Keys.Length > 0),
                ];
                to.WriteMapHeader(modalities.Length + 1);
                foreach (var (name, deltas, keys) in modalities)
                    Write(ref to, name, deltas, keys);
                ServerDescription.Of(policy).WriteEntry(ref to);
            }
        );

    private static void Write(ref MessagePackWriter to, string modality, int[] deltas, string[] keys)
    {
        to.Write(modality);
        to.WriteMapHeader(2);
        to.Write("__ModalityConfig_class__");
        to.Write(true);
        to.Write("as_json");
        to.WriteMapHeader(2);
        to.Write("delta_indices");
        to.WriteArrayHeader(deltas.Length);
        foreach (var delta in deltas)
            to.Write(delta);
        to.Write("modality_keys");
        to.WriteArrayHeader(keys.Length);
        foreach (var key in keys)
            to.Write(key);
    }

    private delegate void Writing(ref MessagePackWriter to);

    private static byte[] Written(Writing write)
    {
        var memory = new ArrayBufferWriter<byte>();
        var writer = new MessagePackWriter(memory);
        write(ref writer);
        writer.Flush();
        return memory.WrittenSpan.ToArray();
    }
}
