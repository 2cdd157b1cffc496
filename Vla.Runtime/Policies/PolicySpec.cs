using Vla.Actors.Policies;
using Vla.Actors.Policies.Remote;
using Vla.Runtime.Libraries;
using Vla.Runtime.Simulation;

namespace Vla.Runtime.Policies;

/// <summary>
/// What decides, as given to <c>--policy</c>. Each kind reads the texts that name it, and answers null to all others.
/// </summary>
internal abstract record PolicySpec
{
    /// <summary>Whether it acts in the simulated world alone.</summary>
    public virtual bool NeedsWorld => false;

    /// <summary>The assembly that it is in; null for one that is in none.</summary>
    public virtual string? LibraryFile => null;

    /// <summary>The same with paths that count from a folder.</summary>
    public virtual PolicySpec RelativeTo(string folder) => this;

    /// <summary>Reads and checks it; how long that takes is bounded by whoever calls.</summary>
    /// <exception cref="PolicyException">It cannot be used.</exception>
    public abstract IPolicy Load(PolicyContext context);

    private static IPolicy Chosen(IPolicy policy, PolicyContext context) => policy.Choosing(context.Choices);

    /// <summary>The script that knows the simulated world.</summary>
    public sealed record Expert : PolicySpec
    {
        /// <summary>Reads <c>expert</c>.</summary>
        public static Expert? Read(string text) => text == ExpertPolicy.Name ? new Expert() : null;

        /// <inheritdoc/>
        public override bool NeedsWorld => true;

        /// <inheritdoc/>
        public override IPolicy Load(PolicyContext context) => Chosen(new ExpertPolicy(context.Tabletop), context);

        /// <inheritdoc/>
        public override string ToString() => ExpertPolicy.Name;
    }

    /// <summary>Nothing decides.</summary>
    public sealed record Nobody : PolicySpec
    {
        /// <summary>Reads <c>none</c>.</summary>
        public static Nobody? Read(string text) => text == NoPolicy.Word ? new Nobody() : null;

        /// <inheritdoc/>
        public override IPolicy Load(PolicyContext context) => new NoPolicy();

        /// <inheritdoc/>
        public override string ToString() => NoPolicy.Word;
    }

    /// <summary>A policy of the user's own, in an assembly.</summary>
    public sealed record Library(LibraryName Name) : PolicySpec
    {
        /// <summary>Reads <c>dll:FILE#ARGUMENT</c>.</summary>
        public static Library? Read(string text) =>
            LibraryName.Read(text, takesProfile: false, why => new UsageException($"policy {why}")) is { } name
                ? new Library(name)
                : null;

        /// <inheritdoc/>
        public override string LibraryFile => Name.File;

        /// <inheritdoc/>
        public override PolicySpec RelativeTo(string folder) =>
            new Library(Name with { File = Path.GetFullPath(Name.File, folder) });

        /// <inheritdoc/>
        public override IPolicy Load(PolicyContext context) => Chosen(PolicyLibrary.Load(Name, context.Time), context);

        /// <inheritdoc/>
        public override string ToString() => Name.ToString();
    }

    /// <summary>A policy that a server has.</summary>
    public sealed record Server(WireAddress Address) : PolicySpec
    {
        /// <summary>Reads <c>openpi://HOST:PORT?…</c> and the like.</summary>
        public static Server? Read(string text) =>
            WireAddress.IsMeant(text) ? new Server(WireAddress.Parse(text)) : null;

        /// <inheritdoc/>
        public override PolicySpec RelativeTo(string folder) => new Server(Address.RelativeTo(folder));

        /// <inheritdoc/>
        public override IPolicy Load(PolicyContext context) => Chosen(RemotePolicy.Load(Address), context);

        /// <inheritdoc/>
        public override string ToString() => Address.ToString();
    }

    /// <summary>A policy directory, of whichever family it is.</summary>
    public sealed record Directory(string Path) : PolicySpec
    {
        /// <summary>Whatever is of no other kind.</summary>
        public static Directory Read(string text) => new(text);

        /// <inheritdoc/>
        public override PolicySpec RelativeTo(string folder) => new Directory(System.IO.Path.GetFullPath(Path, folder));

        /// <inheritdoc/>
        public override IPolicy Load(PolicyContext context) => Chosen(PolicyFamilies.Load(Path), context);

        /// <inheritdoc/>
        public override string ToString() => Path;
    }
}

/// <summary>What a policy is made with.</summary>
/// <param name="Tabletop">The simulated world, asked for when the first action is wanted.</param>
/// <param name="Time">The clock.</param>
internal sealed record PolicyContext(Func<SimulatedTabletop> Tabletop, TimeProvider Time)
{
    /// <summary>What whoever runs it chooses of it.</summary>
    public PolicyChoices Choices { get; init; } = PolicyChoices.None;

    /// <summary>For those that do not need the simulated world.</summary>
    public static PolicyContext WithoutWorld { get; } =
        new(() => throw new InvalidOperationException("there is no simulated world here"), TimeProvider.System);
}
