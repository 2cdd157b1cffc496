using Vla.Actors.Policies.Remote.Gr00t;
using Vla.Actors.Policies.Remote.Messages;
using Vla.Actors.Policies.Remote.OpenPi;
using Vla.Actors.Policies.Remote.OpenVla;

namespace Vla.Actors.Policies.Remote;

/// <summary>A protocol that policy servers speak: how one is reached, asked and understood.</summary>
internal abstract class WireProtocol
{
    /// <summary>Those that there are: one line for each.</summary>
    public static IReadOnlyList<WireProtocol> All { get; } =
    [new OpenPiProtocol(), new OpenVlaProtocol(), new Gr00tProtocol()];

    /// <summary>As it is called: <c>openpi</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What an address begins with.</summary>
    public abstract string Scheme { get; }

    /// <summary>What an address begins with where TLS is spoken; null where the protocol has none.</summary>
    public abstract string? SecureScheme { get; }

    /// <summary>Where its own servers listen.</summary>
    public abstract int UsualPort { get; }

    /// <summary>Layouts of published environments; the first is in force where nothing is said.</summary>
    public abstract IReadOnlyList<WireLayout> Presets { get; }

    /// <summary>Options of an address that only this protocol has.</summary>
    public virtual IReadOnlyList<WireOption> OwnOptions => [];

    /// <summary>What somebody may begin an address with who means this protocol; no folder is called so.</summary>
    public virtual IReadOnlyList<string> Mistaken => [];

    /// <summary>What is sent where neither a layout nor the server says so, in one line.</summary>
    public abstract string Unnamed { get; }

    /// <summary>The one of a name; null for none.</summary>
    public WireLayout? FindPreset(string name) => Presets.FirstOrDefault(preset => preset.Name == name);

    /// <summary>What a camera's picture is called where no layout says so.</summary>
    /// <param name="name">The camera's.</param>
    /// <param name="place">Its place among those that are sent, from 0.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    public abstract WirePicture Picture(string name, int place, int height, int width);

    /// <summary>Connects.</summary>
    /// <exception cref="PolicyException">There is no such server, in words.</exception>
    internal abstract WireConnection Open(WireAddress address);

    /// <summary>A layout with what the server says of itself in it, where it says anything.</summary>
    /// <exception cref="WireException">It contradicts itself.</exception>
    internal virtual WireLayout Learn(WireLayout layout, WireMap metadata) => layout;

    /// <summary>Writes observations for a server.</summary>
    internal abstract WireRequest Request(WireRequestParts parts);

    /// <summary>Reads an answer.</summary>
    /// <exception cref="WireException">It is no chunk of actions, or says what went wrong.</exception>
    internal abstract WireAnswer Read(ReadOnlyMemory<byte> message, WireLayout layout);
}
