using System.Reflection;
using System.Runtime.Loader;

namespace Vla.Runtime.Libraries;

/// <summary>Loads the assembly of a library; one that is loaded stays.</summary>
internal static class LibraryAssembly
{
    private static readonly HashSet<string> Resolved = [];

    /// <summary>Its public classes that can be made.</summary>
    /// <exception cref="Exception">What <see cref="LibraryRequest.Refuse"/> makes: it cannot be loaded.</exception>
    public static Type[] Classes(LibraryRequest request)
    {
        var assembly = Load(request);
        try
        {
            return [.. assembly.GetExportedTypes().Where(type => type is { IsClass: true, IsAbstract: false })];
        }
        catch (Exception e) when (e is IOException or TypeLoadException or BadImageFormatException)
        {
            throw request.Refuse($"{request.What} library '{request.File}' cannot be used: {LibraryWords.Of(e)}", e);
        }
    }

    private static Assembly Load(LibraryRequest request)
    {
        var path = Path.GetFullPath(request.File);
        if (!System.IO.File.Exists(path))
            throw request.Refuse(
                $"{request.What} library '{request.File}' is not there: build it and give the path of its .dll",
                null
            );

        try
        {
            // In the default context, so that its interfaces are ours; what else it needs is found by its own
            // deps.json.
            lock (Resolved)
            {
                if (Resolved.Add(path))
                    ResolveBeside(path);
            }

            return AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
        }
        catch (Exception e)
            when (e
                    is BadImageFormatException
                        or IOException
                        or InvalidOperationException
                        or UnauthorizedAccessException
            )
        {
            throw request.Refuse(
                $"{request.What} library '{request.File}' is not a .NET assembly that can be loaded here: "
                    + $"{LibraryWords.Line(e)}",
                e
            );
        }
    }

    private static void ResolveBeside(string path)
    {
        var resolver = new AssemblyDependencyResolver(path);
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            resolver.ResolveAssemblyToPath(name) is { } found ? context.LoadFromAssemblyPath(found) : null;
    }
}
