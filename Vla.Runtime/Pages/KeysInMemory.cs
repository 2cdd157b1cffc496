using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Vla.Runtime.Pages;

/// <summary>Keeps the keys that protect the page's forms and connections for as long as the process lives.</summary>
/// <remarks>
/// What they protect does not outlive it either, so the home folder and its backups need not hold them.
/// </remarks>
internal sealed class KeysInMemory : IXmlRepository
{
    private readonly Lock _lock = new();
    private readonly List<XElement> _keys = [];

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        lock (_lock)
            return [.. _keys];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        lock (_lock)
            _keys.Add(element);
    }
}
