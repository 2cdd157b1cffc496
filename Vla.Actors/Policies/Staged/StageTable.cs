using System.Collections.Immutable;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Vla.Actors.Policies.Staged;

/// <summary>The types of one stage: Vla's own, and those that were added.</summary>
/// <typeparam name="TModule">What they make.</typeparam>
/// <param name="own">Vla's.</param>
internal sealed class StageTable<TModule>(IReadOnlyDictionary<string, Func<ConfigSection, Func<Device, TModule>>> own)
    where TModule : Module
{
    private ImmutableDictionary<string, IStageType<TModule>> _added = ImmutableDictionary.Create<
        string,
        IStageType<TModule>
    >(StringComparer.Ordinal);

    /// <summary>Every name that <c>config.json</c> may have.</summary>
    public IEnumerable<string> Names => own.Keys.Concat(_added.Keys);

    /// <summary>Whether somebody else's code makes it.</summary>
    public bool IsAdded(string name) => _added.ContainsKey(name);

    /// <summary>What reads the section of a type.</summary>
    public Func<ConfigSection, Func<Device, TModule>> this[string name] =>
        own.TryGetValue(name, out var read) ? read : _added[name].Read;

    /// <exception cref="ArgumentException">The name is none, or taken.</exception>
    public void Add(IStageType<TModule> type)
    {
        const int longest = 64;
        var name = type.Name;
        if (
            name is not { Length: >= 1 and <= longest }
            || name.Any(letter => !char.IsAsciiLetterLower(letter) && !char.IsAsciiDigit(letter) && letter != '_')
        )
        {
            throw new ArgumentException(
                $"a type of stage calls itself '{name}': its name is 1 to {longest} small letters, digits " + "and _"
            );
        }

        if (own.ContainsKey(name))
            throw new ArgumentException(
                $"a type of stage calls itself '{name}', as one of Vla's own: choose another name"
            );
        var kept = ImmutableInterlocked.GetOrAdd(ref _added, name, type);
        if (!kept.Equals(type))
            throw new ArgumentException($"two types of stage call themselves '{name}': one name is for one type");
    }
}
