using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Actors.Policies.Remote.OpenVla;

/// <summary>
/// OpenVLA's protocol: <c>POST /act</c> with JSON and json_numpy's arrays (openvla, <c>vla-scripts/deploy.py</c>; and
/// the like-named script of openvla-oft, which takes several pictures and a state, and answers a chunk).
/// </summary>
internal sealed class OpenVlaProtocol : WireProtocol
{
    /// <summary>Option: whose statistics an action is scaled by; otherwise the server's choice.</summary>
    public const string Unnorm = "unnorm";

    /// <summary>Option: whether a message is a text within a message.</summary>
    public const string Encoded = "encoded";

    /// <summary>That it is.</summary>
    public const string Twice = "twice";

    private const int LongestKey = 200;

    public override string Name => "openvla";

    public override string Scheme => "openvla+http";

    public override string SecureScheme => "openvla+https";

    public override int UsualPort => 8_000;

    public override IReadOnlyList<WireLayout> Presets => OpenVlaPresets.All;

    public override IReadOnlyList<WireOption> OwnOptions { get; } =
    [
        new(Unnorm, "KEY", $"1 to {LongestKey} characters", value => value.Length is > 0 and <= LongestKey),
        new(Encoded, Twice, $"once or {Twice}", value => value is "once" or Twice),
    ];

    public override IReadOnlyList<string> Mistaken => ["openvla"];

    public override string Unnamed =>
        "one picture (image) and the words (instruction) go out, and one action comes back; "
        + $"preset={string.Join('|', Presets.Select(preset => preset.Name))} is for servers of OpenVLA-OFT";

    public override WirePicture Picture(string name, int place, int height, int width) =>
        new(name, place == 0 ? "image" : name, height, width);

    internal override WireConnection Open(WireAddress address) => OpenVlaConnection.Open(address);

    internal override WireRequest Request(WireRequestParts parts) => new OpenVlaRequest(parts);

    internal override WireAnswer Read(ReadOnlyMemory<byte> message, WireLayout layout)
    {
        if (message.Span.SequenceEqual("\"error\""u8))
            throw new WireException("failed, and says no more than \"error\": its own log says why");
        // As the question was encoded, so is the answer: a text that is the answer.
        var map = WireJson.ReadWrapped(message, key: null, out _);
        WireAnswer.ThrowIfError(map);
        foreach (var name in (ReadOnlySpan<string>)[WireJson.Whole, "action", "actions"])
        {
            if (map.TryFindArray(name, out var array))
                return WireAnswer.Of(array, name == WireJson.Whole ? "numbers" : name);
        }

        throw new WireException($"the answer has no action; it has {map.Describe()}");
    }
}
