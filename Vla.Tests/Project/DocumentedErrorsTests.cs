using System.Xml.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;
using Vla.Actors.Policies;
using Vla.Sensors;
using Vla.Sensors.Simulation.Tasks;

namespace Vla.Tests.Project;

/// <summary>What a public member of a package throws itself is told in its documentation.</summary>
public sealed class DocumentedErrorsTests
{
    /// <summary>Said by the compiler where nothing else is left, or by what can never be called.</summary>
    private static readonly HashSet<string> NotErrorsOfUse =
    [
        "System.Runtime.CompilerServices.SwitchExpressionException",
        "System.Diagnostics.UnreachableException",
    ];

    /// <summary>They ask before whether what they call would throw.</summary>
    private static readonly HashSet<string> NeverThrown = [$"{nameof(TaskWords)}.{nameof(TaskWords.Find)}"];

    [Theory]
    [InlineData(typeof(MonotonicTime))]
    [InlineData(typeof(IPolicy))]
    public void A_member_that_throws_says_what(Type ofAssembly)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(ofAssembly.Assembly.Location);
        var told = new Told(Path.ChangeExtension(ofAssembly.Assembly.Location, ".xml"));

        var untold = (
            from type in assembly.MainModule.Types.WithNested()
            where IsShown(type)
            from method in type.Methods
            where IsShown(method)
            from error in Thrown(method)
            where !told.By(method).Contains(error) && !NeverThrown.Contains($"{type.Name}.{method.Name}")
            select $"{type.FullName}.{method.Name} throws {error}"
        )
            .Distinct()
            .Order()
            .ToList();

        Assert.True(untold.Count == 0, $"not told by an <exception> comment:\n{string.Join('\n', untold)}");
    }

    private static bool IsShown(TypeDefinition type) =>
        type.IsPublic || (type.IsNestedPublic && IsShown(type.DeclaringType));

    private static bool IsShown(MethodDefinition method) =>
        (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly)
        && !method.CustomAttributes.Any(one =>
            one.AttributeType.Name == "CompilerGeneratedAttribute" && !IsPart(method)
        );

    private static bool IsPart(MethodDefinition method) => method.IsGetter || method.IsSetter;

    /// <summary>
    /// What a method throws itself or by others of its type that it calls; of those that others may call, which check
    /// their arguments by themselves, the packages' own errors alone.
    /// </summary>
    private static HashSet<string> Thrown(MethodDefinition method)
    {
        var found = new HashSet<string>();
        var seen = new HashSet<MethodDefinition> { method };
        var open = new Queue<MethodDefinition>(seen);
        while (open.TryDequeue(out var each))
        {
            var isAnother = each != method && !each.IsPrivate;
            var body = Body(each);
            if (body is null)
                continue;
            for (var at = body.Instructions.FirstOrDefault(); at is not null; at = at.Next)
            {
                if (IsGuarded(body, at) || at.Operand is not MethodReference called)
                    continue;
                if (Error(at, called) is { } error)
                {
                    if (!isAnother || error.StartsWith("Vla.", StringComparison.Ordinal))
                        found.Add(error);
                }
                else if (
                    called.DeclaringType.GetElementType().FullName == method.DeclaringType.FullName
                    && called.Resolve() is { } own
                    && seen.Add(own)
                )
                    open.Enqueue(own);
            }
        }

        found.ExceptWith(NotErrorsOfUse);
        return found;
    }

    /// <summary>What is thrown with the result of a call, or by a call that does nothing else.</summary>
    private static string? Error(Instruction at, MethodReference called)
    {
        if (at.Next?.OpCode == OpCodes.Throw)
            return (at.OpCode == OpCodes.Newobj ? called.DeclaringType : called.ReturnType).FullName;
        return called.Name.StartsWith("ThrowIf", StringComparison.Ordinal) ? called.DeclaringType.FullName : null;
    }

    /// <summary>Its own code, or what the compiler made of it.</summary>
    private static MethodBody? Body(MethodDefinition method)
    {
        var machine = method
            .CustomAttributes.FirstOrDefault(one => one.AttributeType.Name.EndsWith("StateMachineAttribute"))
            ?.ConstructorArguments[0]
            .Value;
        return machine is TypeReference made ? made.Resolve().Methods.Single(one => one.Name == "MoveNext").Body
            : method.HasBody ? method.Body
            : null;
    }

    private static bool IsGuarded(MethodBody body, Instruction at) =>
        body.Method.Name != "MoveNext"
        && body.ExceptionHandlers.Any(handler =>
            handler.HandlerType == ExceptionHandlerType.Catch
            && at.Offset >= handler.TryStart.Offset
            && at.Offset < handler.TryEnd.Offset
        );

    /// <summary>The documentation that comes with a package.</summary>
    private sealed class Told
    {
        private readonly Dictionary<string, XElement> _members;

        public Told(string file) =>
            _members = XDocument
                .Load(file)
                .Descendants("member")
                .ToDictionary(member => member.Attribute("name")!.Value);

        /// <summary>The errors that a member's documentation names, or that of what it carries out.</summary>
        public HashSet<string> By(MethodDefinition method) =>
            [
                .. Bases(method)
                    .Prepend(method)
                    .Select(Owner)
                    // What a record's own constructor throws stands with the record.
                    .Concat(method.IsConstructor ? [method.DeclaringType] : [])
                    .SelectMany(member =>
                        _members.TryGetValue(DocCommentId.GetDocCommentId(member), out var found)
                            ? found.Elements("exception")
                            : []
                    )
                    .Select(error => error.Attribute("cref")!.Value[2..]),
            ];

        private static IMemberDefinition Owner(MethodDefinition method) =>
            method.DeclaringType.Properties.FirstOrDefault(one => one.GetMethod == method || one.SetMethod == method)
            ?? (IMemberDefinition)method;

        private static IEnumerable<MethodDefinition> Bases(MethodDefinition method)
        {
            var types = method
                .DeclaringType.Interfaces.Select(one => one.InterfaceType)
                .Append(method.DeclaringType.BaseType)
                .OfType<TypeReference>()
                .Where(type => type.FullName.StartsWith("Vla.", StringComparison.Ordinal))
                .Select(type => type.Resolve());
            return types
                .SelectMany(type => type.Methods)
                .Where(one => one.Name == method.Name && one.Parameters.Count == method.Parameters.Count)
                .SelectMany(one => Bases(one).Prepend(one));
        }
    }
}
