using Vla.Actors.Policies.Remote.Messages;

namespace Vla.Actors.Policies.Remote.OpenPi;

/// <summary>
/// openpi's protocol: MessagePack over a WebSocket (openpi, <c>packages/openpi-client</c>).
/// </summary>
internal sealed class OpenPiProtocol : WireProtocol
{
    private const string Actions = "actions";

    public override string Name => "openpi";

    public override string Scheme => "openpi";

    public override string SecureScheme => "openpi+tls";

    public override int UsualPort => 8_000;

    public override IReadOnlyList<WireLayout> Presets => OpenPiPresets.All;

    public override string Unnamed =>
        "pictures and state go out by the names of their features (observation.images.front, observation.state); "
        + $"preset={string.Join('|', Presets.Select(preset => preset.Name))} sends what published policies take";

    public override WirePicture Picture(string name, int place, int height, int width) =>
        WirePicture.OfFeature(name, height, width);

    internal override WireConnection Open(WireAddress address) => OpenPiConnection.Open(address);

    internal override WireRequest Request(WireRequestParts parts) => new OpenPiRequest(parts);

    internal override WireAnswer Read(ReadOnlyMemory<byte> message, WireLayout layout)
    {
        var map = WireReader.Read(message);
        WireAnswer.ThrowIfError(map);
        if (!map.TryFindArray(Actions, out var array))
            throw new WireException($"the answer has no {Actions}; it has {map.Describe()}");
        return WireAnswer.Of(
            array,
            Actions,
            map.FindNumber("server_timing/infer_ms") ?? map.FindNumber("policy_timing/infer_ms")
        );
    }
}
