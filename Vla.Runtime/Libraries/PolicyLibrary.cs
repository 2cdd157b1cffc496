using Vla.Actors.Policies;
using Vla.Actors.Policies.Staged;
using Vla.Actors.Robots;
using Vla.Sensors.Cameras;

namespace Vla.Runtime.Libraries;

/// <summary>Loads policies, families of policies and types of stages that somebody else wrote.</summary>
internal static class PolicyLibrary
{
    /// <summary>How long one of several may take to be made; none of them reads weights yet.</summary>
    private static readonly TimeSpan LongestMaking = TimeSpan.FromSeconds(10);

    private static readonly (Type Interface, string Mend)[] NoPolicies =
    [
        (typeof(IRobot), "is a robot: give it with --robot"),
        (typeof(IActionOutput), "takes actions: give it with --output"),
        (typeof(ICamera), "is a camera: give it with --camera"),
    ];

    /// <summary>The one policy in a library. How long that takes is bounded by whoever calls.</summary>
    /// <param name="name">The assembly, and what its constructor is given.</param>
    /// <param name="time">Given to the constructor, if that takes a clock.</param>
    /// <exception cref="PolicyException">
    /// The file, the class in it, or its constructor cannot be used, or what it says of itself cannot be.
    /// </exception>
    public static IPolicy Load(LibraryName name, TimeProvider time)
    {
        var request = new LibraryRequest(
            "policy",
            name.File,
            Timeout.InfiniteTimeSpan,
            (why, inner) => new PolicyException(why, inner)
        )
        {
            Arguments = new Dictionary<Type, object?>
            {
                [typeof(string)] = name.Argument,
                [typeof(TimeProvider)] = time,
            },
            Others =
            [
                (
                    typeof(IPolicyFamily),
                    "reads directories: give the library with --library and the directory with --policy"
                ),
                (typeof(IStageType), "is a type of stage: give the library with --library"),
                .. NoPolicies,
            ],
        };
        IPolicy? checkedPolicy = null;
        LibraryLoader.Load<IPolicy>(
            request,
            made => checkedPolicy = LibraryPolicy.Of(made, $"policy {made.GetType().Name} in '{name.File}'")
        );
        return checkedPolicy!;
    }

    /// <summary>
    /// Makes known to this process what a library has for policies in directories: types of stages, and families.
    /// </summary>
    /// <param name="file">The assembly.</param>
    /// <exception cref="UsageException">It has none, or one that cannot be used.</exception>
    public static void Register(string file)
    {
        var request = new LibraryRequest("policy", file, LongestMaking, (why, inner) => new UsageException(why, inner))
        {
            Arguments = new Dictionary<Type, object?>(),
            Others = [(typeof(IPolicy), "is a whole policy: give it with --policy dll:FILE"), .. NoPolicies],
        };
        var families = LibraryLoader.LoadAll<IPolicyFamily>(request, made => _ = made.Name.Length);
        var types = LibraryLoader.LoadAll<IStageType>(request, made => _ = made.Name.Length);
        if (families.Count + types.Count == 0)
            throw LibraryLoader.Nothing(request, $"a type of stage ({nameof(IVisionType)} and so on) or IPolicyFamily");
        try
        {
            foreach (var family in families)
                PolicyFamilies.Add(new LibraryFamily(family, file));
            foreach (var type in types)
                StageTypes.Add(LibraryStageType.Of(type, file));
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"policy library '{file}' cannot be used: {e.Message}", e);
        }
    }

    /// <summary>A family whose errors are policies' errors, in words.</summary>
    private sealed class LibraryFamily(IPolicyFamily inner, string file) : IPolicyFamily
    {
        private readonly string _what = $"family {inner.GetType().Name} in '{file}'";

        private readonly Type _type = inner.GetType();

        public string Name { get; } = inner.Name;

        // Two that were made of one class are one family.
        public override bool Equals(object? other) => other is LibraryFamily same && same._type == _type;

        public override int GetHashCode() => _type.GetHashCode();

        public bool Takes(PolicyKind config) =>
            LibraryPolicy.Asked(_what, "cannot tell whether a directory is its own", () => inner.Takes(config));

        public IPolicy Load(string directory, Precision? precision) =>
            LibraryPolicy.Of(
                LibraryPolicy.Asked(
                    $"{directory}: {_what}",
                    "cannot read it",
                    () => inner.Load(directory, precision) ?? throw new InvalidDataException("it gives no policy")
                ),
                $"{directory}: {_what}"
            );
    }
}
