using Vla.Sensors.Observations;

namespace Vla.Actors.Policies.Remote;

/// <summary>Writes observations as messages, each into the same memory.</summary>
internal abstract class WireRequest(WireRequestParts parts)
{
    private readonly PicturePlaces _places = new(
        parts.AreNamed ? [.. parts.Pictures.Select(picture => picture.Name)] : null
    );

    protected WireLayout Layout => parts.Layout;

    protected IReadOnlyList<WirePicture> Pictures => parts.Pictures;

    /// <param name="seen">Pictures as [height, width, 3] of 0 to 1, and the state in the robot's units.</param>
    /// <param name="words">What is to be done; not written for a policy that is told nothing.</param>
    /// <returns>There until the next.</returns>
    /// <exception cref="PolicyException">A picture or the state is not there.</exception>
    public ReadOnlyMemory<byte> Write(Observation seen, string words) =>
        Write(seen, _places.Of(seen), State(seen), words);

    /// <param name="seen">As it was given.</param>
    /// <param name="places">Where each of <see cref="Pictures"/> is in it.</param>
    /// <param name="state">As many numbers as the layout wants; empty for none.</param>
    /// <param name="words">As they were given.</param>
    protected abstract ReadOnlyMemory<byte> Write(
        Observation seen,
        IReadOnlyList<int> places,
        float[] state,
        string words
    );

    /// <summary>What a picture is called in the message.</summary>
    protected WirePicture Named(int picture, Observation seen, int place) =>
        parts.AreNamed ? Pictures[picture] : parts.OfCamera(seen.Names[place]);

    private float[] State(Observation seen)
    {
        var state = seen.State?.Values ?? [];
        if (Layout.StateCount is not { } wanted)
            return state;
        if (wanted == 0)
            return [];
        return state.Length == wanted
            ? state
            : throw new PolicyException(
                $"the policy server wants {wanted} numbers of the robot's state, there are {state.Length}"
            );
    }
}

/// <summary>What a message is made of.</summary>
/// <param name="Address">With the options of the protocol.</param>
/// <param name="Layout">What the parts are called there.</param>
/// <param name="Pictures">In their order.</param>
/// <param name="AreNamed">Whether they go by their names; otherwise it is whichever there is.</param>
internal sealed record WireRequestParts(
    WireAddress Address,
    WireLayout Layout,
    IReadOnlyList<WirePicture> Pictures,
    bool AreNamed
)
{
    private readonly Dictionary<string, WirePicture> _ofCameras = [];

    /// <summary>What the picture of a camera is called that nobody has named.</summary>
    public WirePicture OfCamera(string name)
    {
        if (!_ofCameras.TryGetValue(name, out var picture))
            _ofCameras[name] = picture = Address.Protocol.Picture(name, 0, Pictures[0].Height, Pictures[0].Width);
        return picture;
    }
}
